"""What the catalogue makes of names, dates and gaps; every row says since when and where."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack import support
from neopack.errors import Malformed, NeopackError, SourceError, Unsupported, UsageError
from neopack.facts import accounts, images
from neopack.facts.rows import facts_file
from neopack.support.names import framework_of

ROOT = Path(__file__).parents[2]


def refused(kind: type[NeopackError], call: object) -> str:
    with pytest.raises(kind) as caught:
        call()  # type: ignore[operator]
    return caught.value.line()


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "framework", "version"),
    [
        ("pytorch1.8", "PYTORCH", "1.8"),
        ("PYTORCH==1.8.1", "PYTORCH", "1.8.1"),
        ("torch 2.0", "PYTORCH", "2.0"),
        ("torch-v1.8", "PYTORCH", "1.8"),
        ("tf2.9", "TENSORFLOW", "2.9"),
        ("TensorFlow Lite", "TFLITE", ""),
        ("tensorflow-lite1.15", "TFLITE", "1.15"),
        ("mxnet", "MXNET", ""),
        ("scikit-learn", "SKLEARN", ""),
        ("onnx1.7.0", "ONNX", "1.7.0"),
    ],
)
def test_frameworks_as_people_write_them(text: str, framework: str, version: str) -> None:
    asked = framework_of(text)
    assert (asked.framework, asked.version) == (framework, version)


@pytest.mark.parametrize("text", ["ml.c5", "ml_c5.xlarge", "ML_C5", "c5", "c5.xlarge", "ml-c5"])
def test_targets_as_people_write_them(text: str) -> None:
    answer = support.targets(text)
    assert [entry.name for entry in answer.targets] == ["ml_c5"]
    (reading,) = answer.readings
    assert (reading.given, reading.read_as) == (text, "ml_c5")


def test_what_is_written_as_it_is_listed_is_not_echoed() -> None:
    assert support.targets("ml_c5", framework="PYTORCH").readings == ()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: support.targets("ml.r5.xlarge"), "did you mean ml_"),
        (lambda: support.targets("ml.c5.7xlarge"), "not an instance type of ml_c5"),
        (lambda: support.targets("jetson_nona"), "jetson_nano"),
        (lambda: support.targets(framework="pytroch"), "PYTORCH"),
        (lambda: support.targets(framework="pytorch1.x"), "'1.x' is not a version"),
        (lambda: support.targets(target_class="clout"), "cloud"),
        (lambda: support.targets("ml_c5", target_class="edge"), "ml_c5 is not a target of class"),
        (lambda: support.targets(as_of="2019-05-01"), "before the first table, of 2020-12-10"),
        (lambda: support.targets(as_of="May"), "is not a date"),
        (lambda: support.targets(as_of="2024-W01-1"), "is not a date"),
        (lambda: support.targets(as_of="2024-02-30"), "is not a date"),
        (lambda: support.changes(since="2019"), "--since 2019 is before the first table"),
        (lambda: support.neo(as_of="2020-12-09"), "2020-12-10"),
        (lambda: support.image("torch", "1.8", target="ml_c5", region="us-west-9"), "us-west-"),
        (lambda: support.smp("torch1.8", "1.7"), "two versions"),
        (lambda: support.smp("torch", region="eu-east-7"), "not a region with these images"),
        (lambda: support.training_compiler("bert-base-uncase"), "bert-base-uncased"),
        (lambda: support.training_compiler(release="TensorFlow 2.9.1"), "not a tested release"),
        (lambda: support.training_compiler(release="pytorch"), "several releases"),
        (lambda: support.training_compiler(precision="int8"), "not a precision"),
        (lambda: support.training_compiler(sequence_length=0), "must be 1 or more"),
    ],
)  # fmt: skip
def test_what_no_table_has_is_refused_with_the_nearest(call: object, words: str) -> None:
    assert words in refused(UsageError, call)


WORDS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"(ml[._])?[a-z0-9]{1,6}[._]?[0-9a-z]{0,8}", fullmatch=True),
    st.from_regex(r"(torch|tf|onnx|mxnet|XGBOOST)[=v ]{0,2}[0-9.x]{0,6}", fullmatch=True),
    st.from_regex(r"20[0-9]{2}(-[0-9]{2}){0,2}", fullmatch=True),
)


@given(word=WORDS, other=WORDS)
def test_no_word_ends_as_a_bug(word: str, other: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: support.targets(word, framework=other),
        lambda: support.targets("ml_c5", framework=word, as_of=other),
        lambda: support.neo(framework=word, target_class=other),
        lambda: support.changes(since=word, as_of=other),
        lambda: support.image(word, target="ml_c5", region="us-west-2"),
        lambda: support.image("torch", word, target=other, region="us-west-2"),
        lambda: support.image("tf", target="ml_eia2", region=word, python=other),
        lambda: support.smp(word, instance=other),
        lambda: support.training_compiler("gpt2", instance=word, release=other),
    ]
    for call in calls:
        with contextlib.suppress(NeopackError):
            call()


# --- gaps -----------------------------------------------------------------------------------


def test_a_version_never_listed_names_the_two_around_it() -> None:
    said = refused(Unsupported, lambda: support.targets("ml_c5", framework="pytorch1.10"))
    assert "listed are 1.8 below and 1.12 above" in said
    said = refused(Unsupported, lambda: support.targets("ml_c5", framework="pytorch3.0"))
    assert "listed are 2.0 below" in said
    said = refused(Unsupported, lambda: support.smp("torch1.12.3"))
    assert "1.12.1 below and 1.13.1 above" in said
    said = refused(
        Unsupported, lambda: support.image("torch", "1.10", target="ml_c5", region="us-west-2")
    )
    assert "1.8 has one and 1.12 has one" in said


def test_what_was_listed_once_is_said_with_its_dates() -> None:
    said = refused(Unsupported, lambda: support.targets("ml_c5", framework="tf2.4"))
    assert "it was in the pages of 2022-03-25 to 2022-07-01" in said
    said = refused(Unsupported, lambda: support.targets("ml_c5", framework="darknet"))
    assert "2020-12-10 to 2021-04-14" in said
    said = refused(Unsupported, lambda: support.targets("ml_inf1", framework="xgboost"))
    assert "listed for cloud, edge targets" in said
    said = refused(Unsupported, lambda: support.targets(framework="sklearn"))
    assert "no page lists it" in said


@pytest.mark.parametrize(
    ("framework", "target", "words"),
    [
        ("TENSORFLOW", "rasp3b", "this target has no endpoints"),
        ("TENSORFLOW", "linux/arm64", "this target has no endpoints"),
        ("XGBOOST", "ml_inf1", "there are images of PYTORCH, TENSORFLOW, MXNET"),
        ("KERAS", "ml_eia2", "there are images of TENSORFLOW, MXNET, PYTORCH"),
        ("DARKNET", "ml_c5", "there are images of"),
    ],
)
def test_where_the_table_has_no_image_it_says_so(framework: str, target: str, words: str) -> None:
    said = refused(
        Unsupported, lambda: support.image(framework, target=target, region="us-west-2")
    )
    assert f"no table has an image of {framework} for {target}" in said
    assert words in said


def test_an_image_that_is_not_in_a_region() -> None:
    call = lambda: support.image("torch1.5.1", target="ml_eia2", region="eu-central-1")  # noqa: E731
    assert "pytorch-inference-eia 1.5.1 is not in eu-central-1" in refused(Unsupported, call)
    call = lambda: support.image("mxnet1.7", target="ml_eia2", region="us-east-1", python="py2")  # noqa: E731
    assert "lacks py2" in refused(UsageError, call)


def test_remarks_on_an_image() -> None:
    zurich = support.image("torch", "1.8", target="ml_c5", region="eu-central-2")
    assert zurich.account == "010526262399"
    assert "only in the SDK's table" in zurich.remarks[0]
    neuron = support.image("torch", target="ml_inf2", region="us-west-2")
    assert neuron.remarks == ("Neo compiles for ml_inf2 only in us-east-2",)
    isolated = support.image("torch", target="ml_c5", region="us-iso-east-1")
    assert ".us-iso-east-1.c2s.ic.gov/" in isolated.uri


# --- dates ----------------------------------------------------------------------------------


def test_a_table_counts_from_its_date_on() -> None:
    def rule(date: str) -> str:
        return support.targets("ml_c5", framework="tf", as_of=date).targets[0].frameworks[0].rule

    assert rule("2022-03-24") == "1.15.0 or earlier"
    assert rule("2022-03-25") == "1.15.3, 2.4"
    assert rule("2022-10-15") == "1.15.3, 2.9"


def test_since_when_a_row_is_as_it_is() -> None:
    def since(target: str, framework: str, date: str | None = None) -> str:
        answer = support.targets(target, framework=framework, as_of=date)
        return answer.targets[0].frameworks[0].since

    assert since("ml_c5", "tf") == "2022-10-15"
    assert since("ml_c5", "tf", "2022-08-01") == "2022-03-25"
    assert since("ml_c5", "keras") == "2020-12-10"
    assert since("ml_c5", "pytorch") == "2026"
    assert since("ml_inf1", "pytorch") == "2022-07-01"
    assert since("ml_inf2", "pytorch") == "2026"
    assert since("ml_eia2", "tf") == "2021-04-14"
    assert since("rasp3b", "onnx") == "2022-12-30"


def test_changes_between_dates() -> None:
    moved = support.changes(since="2022-01-01", as_of="2022-12-31", framework="tf").changes
    assert [(c.date, c.target_class, c.before, c.after) for c in moved] == [
        ("2022-03-25", "cloud", "1.15.0 or earlier", "1.15.3, 2.4"),
        ("2022-07-01", "inferentia", "1.15.0 or earlier", "2.5, 1.15 or earlier"),
        ("2022-10-15", "cloud", "1.15.3, 2.4", "1.15.3, 2.9"),
    ]
    every = support.changes().changes
    dropped = {(c.date, c.framework) for c in every if c.after == "not listed"}
    assert dropped == {("2021-08-30", "TFLITE"), ("2021-08-30", "DARKNET"), ("2026", "TENSORFLOW")}
    assert [c.date for c in every] == sorted(c.date for c in every)


def test_nothing_moves_between_two_readings_of_one_page() -> None:
    assert support.changes(since="2023-07", as_of="2025").changes == ()


# --- Elastic Inference, the model parallel library, Training Compiler -----------------------


@pytest.mark.parametrize(
    ("size", "smallest"),
    [(0, "ml.eia2.medium"), (2 * 10**9, "ml.eia2.medium"), (2 * 10**9 + 1, "ml.eia2.large"),
     (8 * 10**9, "ml.eia2.xlarge")],
)  # fmt: skip
def test_the_smallest_accelerator_that_can_hold_a_model(size: int, smallest: str) -> None:
    assert support.ei(model_bytes=size).smallest == smallest


def test_a_model_that_no_accelerator_can_hold() -> None:
    assert "ml.eia2.xlarge with 8 GB" in refused(
        Unsupported, lambda: support.ei(model_bytes=8 * 10**9 + 1)
    )


def test_the_size_of_a_file_a_directory_and_an_archive(tmp_path: Path) -> None:
    import tarfile

    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "a").write_bytes(bytes(1000))
    (tmp_path / "net" / "b").write_bytes(bytes(500))
    with tarfile.open(tmp_path / "net.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "net", "net")
    assert support.ei(model=tmp_path / "net" / "a").model_bytes == 1000
    assert support.ei(model=tmp_path / "net").model_bytes == 1500
    assert support.ei(model=tmp_path / "net.tar.gz").model_bytes == 1500
    (tmp_path / "cut.tar.gz").write_bytes((tmp_path / "net.tar.gz").read_bytes()[:60])
    refused(Malformed, lambda: support.ei(model=tmp_path / "cut.tar.gz"))
    assert "no such file" in refused(SourceError, lambda: support.ei(model=tmp_path / "gone"))


def test_instances_of_the_model_parallel_library() -> None:
    assert support.smp(instance="p4d.24xlarge").allowed is True
    assert support.smp(instance="ml_p3_2xlarge").allowed is False
    assert support.smp().allowed is None
    assert support.smp("torch1.12").releases[0].uri == ""
    china = support.smp("torch1.13", region="cn-north-1").releases[0].uri
    assert china.startswith("727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-training:")


def test_the_nearest_tested_row_is_said_to_be_that() -> None:
    asked = support.training_compiler("gpt2", instance="ml.g5.8xlarge", sequence_length=256)
    assert not asked.exact
    assert {row.instance for row in asked.rows} == {"ml.g5.4xlarge"}
    assert asked.differs == (
        "instance ml.g5.4xlarge instead of ml.g5.8xlarge",
        "sequence length 128 instead of 256",
    )
    family = support.training_compiler("gpt2", instance="ml.p4d.24xlarge", precision="fp32")
    assert {row.instance for row in family.rows} == {"ml.p4d.24xlarge"}
    assert family.differs == ("precision float16 instead of float32",)


def test_rows_that_the_compiler_makes_smaller() -> None:
    smaller = support.training_compiler(smaller=True).rows
    assert smaller
    assert all(row.batch_native and row.batch_compiled < row.batch_native for row in smaller)
    every = support.training_compiler().rows
    assert sum(row.smaller for row in every) == len(smaller)


# --- the data -------------------------------------------------------------------------------


def dated() -> list[object]:
    return [
        *(row for entry in support.targets().targets for row in entry.frameworks),
        *support.targets().targets,
        *(e.device for e in support.targets().targets if e.device),
        *support.neo().rows,
        *support.ei().accelerators,
        *support.ei().images,
        *support.smp().releases,
        *support.training_compiler().rows,
        *images.image_rows(),
    ]


def test_every_row_says_since_when_and_where() -> None:
    for row in dated():
        assert re.fullmatch(r"20\d\d(-\d\d){0,2}", getattr(row, "as_of")), row  # noqa: B009
        assert len(getattr(row, "source")) > 10, row  # noqa: B009
    for change in support.changes().changes:
        assert change.date
        assert change.source


def test_answers_cannot_be_changed() -> None:
    for answer in (support.targets(), support.neo(), support.ei(), support.smp()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            answer.as_of = "2000"  # type: ignore[misc]


def test_accounts_have_twelve_digits_and_regions_look_like_regions() -> None:
    for registry in ("deep_learning_containers", "framework_containers", accounts.NEO):
        for region, account in accounts.accounts(registry).items():
            assert re.fullmatch(r"\d{12}", account)
            assert re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region)


def test_every_alias_and_registry_leads_somewhere() -> None:
    for row in images.image_rows():
        assert set(row.aliases.values()) <= set(row.versions), row.repository
        assert accounts.accounts(row.registry)
    known = set(facts_file("frameworks").table("framework")) | {"IMAGE_CLASSIFICATION"}
    assert set(facts_file("frameworks").words("spellings").values()) <= known


def test_every_row_of_the_support_table_stands_on_pages_that_name_its_class() -> None:
    pages = {p.text("date"): p.texts("classes") for p in facts_file("support").tables("snapshot")}
    seen: set[tuple[str, str, str]] = set()
    for row in facts_file("support").tables("row"):
        for date in row.texts("as_of"):
            cell = (date, row.text("class"), row.text("framework"))
            assert row.text("class") in pages[date], cell
            assert cell not in seen, cell
            seen.add(cell)


# the keys that a row of each table may have: a misspelt one would be left out in silence
KEYS = {
    ("support", "snapshot"): "date classes versions_only source",
    ("support", "row"): "class framework as_of compiled_with listed maximum printed tabulated "
    "models models_by_version note",
    ("support", "event"): "date class what source",
    ("images", "image"): "frameworks kinds repository versions family tag aliases up_to registry "
    "note",
    ("elastic", "image"): "framework versions repository registry pythons regions absent",
    ("parallel", "release"): "framework version library image wheel note",
    ("training", "tested"): "release domain scope rows",
    ("edge_tested", "tested"): "section frameworks models note",
}


@pytest.mark.parametrize(("file", "table"), KEYS)
def test_no_row_has_a_key_that_nobody_reads(file: str, table: str) -> None:
    rows = list(facts_file(file).tables(table))
    assert rows
    for row in rows:
        assert set(row) <= set(KEYS[file, table].split()), row.where


def test_no_device_has_a_key_that_nobody_reads() -> None:
    devices = facts_file("devices").table("device")
    for name in devices:
        known = {"soc", "os", "arch", "accelerator", "options", "note"}
        assert set(devices.table(name)) <= known, name
    accelerators = facts_file("elastic").table("accelerators")
    for name in accelerators:
        assert set(accelerators.table(name)) == {"tflops_f32", "tflops_f16", "memory"}


def test_how_compiler_options_are_written() -> None:
    def row(target: str) -> support.ListedVersions:
        return support.targets(target, framework="pytorch").targets[0].frameworks[0]

    assert row("ml_c5").options_form == "an object in JSON"
    assert "--neuroncore-pipeline-cores 1" in row("ml_inf1").options_form
    assert row("ml_trn1").options_form == "not documented"
    assert row("linux/arm64/nvidia").options_required == ("gpu-code", "trt-ver", "cuda-ver")
    assert row("jetson_tx2").options_required == ()


def test_an_accelerator_type_is_no_wrong_instance() -> None:
    assert support.targets("ml.eia2.medium").targets[0].name == "ml_eia2"


def test_xgboost_0_90_was_taken_when_the_page_said_0_9() -> None:
    answer = support.targets("ml_c5", framework="xgboost0.90", as_of="2021-04-14")
    assert answer.targets[0].frameworks[0].rule == "0.9 or earlier"


# --- models tested on edge devices ----------------------------------------------------------


def test_a_part_of_a_models_name_finds_all_that_have_it() -> None:
    assert {row.model for row in support.edge("yolo", framework="darknet").rows} == {
        "YOLOv2",
        "YOLOv2_tiny",
        "YOLOv3_416",
        "YOLOv3_tiny",
    }
    assert {row.model for row in support.edge("mobilenet-v2 1.0").rows} == {
        "MobileNetV2_1.0",
        "mobilenetv2-1.0",
    }


def test_a_target_stands_for_its_chip() -> None:
    answer = support.edge("resnet50", chip="jetson-nano")
    assert answer.chips == ("Nvidia",)
    assert all("jetson_nano" in row.targets for row in answer.rows)


def test_every_chip_of_the_page_is_read_as_targets_that_there_are() -> None:
    for names in facts_file("edge_tested").lists("chips").values():
        assert [support.targets(name).targets[0].name for name in names] == list(names)


def test_what_the_page_of_tested_models_has_not() -> None:
    with pytest.raises(UsageError, match="is not a tested model") as caught:
        support.edge("mobilenet-v9")
    assert "did you mean MobileNetv2?" in (caught.value.hint or "")
    with pytest.raises(Unsupported, match="no row of alexnet of DARKNET on Nvidia"):
        support.edge("alexnet", framework="darknet", chip="nvidia")
    with pytest.raises(UsageError, match="not a chip or target"):
        support.edge(chip="ml_c5")
