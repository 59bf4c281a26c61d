"""Every cell of the pages' tables, kept as CSV in fixtures/catalog, comes back through the API."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from neopack import support
from neopack.errors import Unsupported

FOLDER = Path(__file__).parents[2] / "fixtures" / "catalog"
Cells = dict[str, str]

# a target of each class of the support table
MEMBERS = {
    "cloud": "ml_c5",
    "inferentia": "ml_inf1",
    "inferentia2": "ml_inf2",
    "trainium": "ml_trn1",
    "eia": "ml_eia2",
    "edge": "rasp3b",
}


def rows(name: str) -> list[Cells]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(";")) if cell else ()


def number(cell: str) -> int | None:
    return int(cell) if cell else None


def test_the_fixtures_are_whole() -> None:
    sizes = {path.stem: len(rows(path.stem)) for path in FOLDER.glob("*.csv")}
    assert sizes == {
        "accelerators": 6,
        "accounts": 31,
        "compiler-options": 19,
        "edge-devices": 23,
        "edge-models": 131,
        "elastic-images": 430,
        "images": 130,
        "instances": 58,
        "model-parallel": 10,
        "model-parallel-instances": 5,
        "neo-history": 93,
        "neo-matrix": 49,
        "platforms": 18,
        "sdk-addresses": 13,
        "training-compiler": 235,
    }


# --- Neo ------------------------------------------------------------------------------------


def listed(
    target: str, framework: str, date: str
) -> tuple[support.TargetEntry, support.ListedVersions]:
    (entry,) = support.targets(target, framework=framework, as_of=date).targets
    (row,) = entry.frameworks
    return entry, row


@pytest.mark.parametrize(
    "cells", rows("neo-matrix"), ids=lambda c: f"{c['as_of']}-{c['class']}-{c['framework']}"
)
def test_neos_matrix(cells: Cells) -> None:
    entry, row = listed(MEMBERS[cells["class"]], cells["framework"], cells["as_of"])
    assert row.as_of == cells["as_of"]
    assert row.rule == cells["versions"]
    assert row.compiled_with == words(cells["compiled_with"])
    assert row.models == words(cells["models"])
    assert tuple(row.models_by_version) == words(cells["versions_with_more_models"])
    assert row.formats == cells["formats"]
    assert row.toolkits == words(cells["toolkits"])
    assert entry.regions == words(cells["region"])
    assert row.tabulated is bool(cells["models"])


def test_every_target_of_a_class_shares_its_rows() -> None:
    for name in ("ml_c4", "ml_c5", "ml_m4", "ml_m5", "ml_p2", "ml_p3", "ml_g4dn"):
        for cells in rows("neo-matrix"):
            if cells["class"] == "cloud":
                _, row = listed(name, cells["framework"], cells["as_of"])
                assert row.rule == cells["versions"]


@pytest.mark.parametrize(
    "cells", rows("neo-history"), ids=lambda c: f"{c['date']}-{c['class']}-{c['framework']}"
)
def test_the_history_of_the_cloud_page(cells: Cells) -> None:
    _, row = listed(MEMBERS[cells["class"]], cells["framework"], cells["date"])
    assert (row.as_of, row.rule) == (cells["date"], cells["versions"])
    assert row.compiled_with == words(cells["compiled_with"])


def test_nothing_more_is_listed_than_the_pages_have() -> None:
    known = {(c["date"], c["class"], c["framework"]) for c in rows("neo-history")}
    for date in {date for date, _, _ in known}:
        answer = support.neo(as_of=date)
        found = {(r.as_of, r.target_class, r.framework) for r in answer.rows}
        cloud = {cell for cell in found if cell[1] in ("cloud", "inferentia", "eia")}
        assert cloud == {cell for cell in known if cell[0] == date}


@pytest.mark.parametrize("cells", rows("edge-devices"), ids=lambda c: c["target"])
def test_edge_devices(cells: Cells) -> None:
    (entry,) = support.targets(cells["target"]).targets
    device = entry.device
    assert device is not None
    printed = (device.soc, device.os, device.arch, device.accelerator)
    assert printed == (cells["soc"], cells["os"], cells["arch"], cells["accelerator"])
    assert device.options_shown == (json.loads(cells["options"]) if cells["options"] else None)
    assert device.in_newest_guide is (cells["in_newest_guide"] == "yes")


@pytest.mark.parametrize(
    "cells", rows("edge-models"), ids=lambda c: "-".join(list(c.values())[:2])
)
def test_models_tested_on_edge_devices(cells: Cells) -> None:
    answer = support.edge(cells["model"])
    (row,) = [
        each
        for each in answer.rows
        if (each.section, each.model) == (cells["section"], cells["model"])
    ]
    assert row.chips == words(cells["tested_on"])
    for chip in answer.chips:
        with_it = (row.section, row.model) in {
            (each.section, each.model) for each in _on(chip, cells["model"])
        }
        assert with_it is (chip in words(cells["tested_on"]))


def _on(chip: str, model: str) -> tuple[support.EdgeRow, ...]:
    try:
        return support.edge(model, chip=chip).rows
    except Unsupported:
        return ()


def test_no_more_models_were_tested_on_edge_devices() -> None:
    assert len(support.edge().rows) == 131


@pytest.mark.parametrize("cells", rows("platforms"), ids=lambda c: "-".join(c.values()))
def test_platforms(cells: Cells) -> None:
    name = "/".join(cells[key] for key in ("os", "arch", "accelerator") if cells[key])
    (entry,) = support.targets(name).targets
    assert entry.documented
    assert (entry.os, entry.arch, entry.accelerator) == (
        cells["os"],
        cells["arch"],
        cells["accelerator"],
    )


def test_instances() -> None:
    found = {
        (entry.name, instance)
        for entry in support.targets().targets
        for instance in entry.instances
        if entry.kind != "eia"
    }
    assert found == {(cells["target"], cells["instance"]) for cells in rows("instances")}


@pytest.mark.parametrize(
    "cells", rows("compiler-options"), ids=lambda c: "-".join(c.values())[:40]
)
def test_compiler_options(cells: Cells) -> None:
    date = "2022-12-30" if cells["target"] == "ml_eia2" else "2026"
    _, row = listed(cells["target"], cells["framework"], date)
    (option,) = [option for option in row.options if option.key == cells["key"]]
    assert option.values == words(cells["values"])
    assert option.default == cells["default"]
    assert dict(option.aliases) == (json.loads(cells["aliases"]) if cells["aliases"] else {})


# --- images ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", rows("images"), ids=lambda c: "-".join(list(c.values())[:3]))
def test_images(cells: Cells) -> None:
    region = "us-east-1"
    answer = support.image(
        cells["framework"], cells["version"], target=cells["target"], region=region
    )
    assert f"{answer.repository}:{answer.tag}" == cells["image"]
    assert answer.uri.endswith(f".dkr.ecr.us-east-1.amazonaws.com/{cells['image']}")


@pytest.mark.parametrize("cells", rows("accounts"), ids=lambda c: c["region"])
def test_accounts(cells: Cells) -> None:
    answer = support.image("XGBOOST", target="ml_c5", region=cells["region"])
    assert answer.account == cells["account"]
    assert answer.uri.startswith(f"{cells['account']}.dkr.ecr.{cells['region']}.")


@pytest.mark.parametrize("cells", rows("sdk-addresses"), ids=lambda c: c["uri"].split("/")[1])
def test_addresses_as_the_sdk_writes_them(cells: Cells) -> None:
    answer = support.image(
        cells["framework"], cells["version"], target=cells["target"], region=cells["region"]
    )
    assert answer.sdk_uri == cells["uri"]


def test_images_of_elastic_inference() -> None:
    for cells in rows("elastic-images"):
        for python in words(cells["pythons"]) or ("",):
            answer = support.image(
                cells["framework"],
                cells["version"],
                target="ml_eia2",
                region=cells["region"],
                python=python,
            )
            assert (answer.account, answer.repository) == (cells["account"], cells["repository"])
            tag = "-".join(word for word in (cells["version"], "cpu", python) if word)
            assert answer.tag == tag


def test_elastic_inference_has_no_more_regions_than_the_table() -> None:
    found = {
        (row.framework, version, region)
        for row in support.ei().images
        for version in row.versions
        for region in row.regions
    }
    table = {(c["framework"], c["version"], c["region"]) for c in rows("elastic-images")}
    assert found == table


# --- Elastic Inference, the model parallel library, Training Compiler -----------------------


def test_accelerators() -> None:
    found = [(a.type, a.tflops_f32, a.tflops_f16, a.memory_gb) for a in support.ei().accelerators]
    assert found == [
        (c["type"], int(c["tflops_f32"]), int(c["tflops_f16"]), int(c["memory_gb"]))
        for c in rows("accelerators")
    ]


@pytest.mark.parametrize(
    "cells", rows("model-parallel"), ids=lambda c: f"{c['framework']}-{c['version']}"
)
def test_the_model_parallel_library(cells: Cells) -> None:
    answer = support.smp(cells["framework"], cells["version"], region="us-west-2")
    (row,) = answer.releases
    assert (row.version, row.library) == (cells["version"], cells["library"])
    assert row.uri == cells["image_uri"].replace("<region>", "us-west-2")
    assert row.wheel == cells["wheel"]


def test_the_model_parallel_library_has_no_more_rows() -> None:
    answer = support.smp()
    assert len(answer.releases) == len(rows("model-parallel"))
    assert answer.instances == tuple(c["instance"] for c in rows("model-parallel-instances"))
    for cells in rows("model-parallel-instances"):
        assert support.smp(instance=cells["instance"]).allowed


def batches(cells: Cells) -> Iterator[support.BatchRow]:
    answer = support.training_compiler(
        cells["model"],
        instance=cells["instance"],
        precision=cells["precision"],
        sequence_length=number(cells["sequence_length"]),
        release=cells["release"],
    )
    assert answer.exact
    yield from answer.rows


@pytest.mark.parametrize(
    "cells", rows("training-compiler"), ids=lambda c: "-".join(list(c.values())[:4])
)
def test_training_compiler(cells: Cells) -> None:
    native, compiled = number(cells["batch_native"]), int(cells["batch_compiled"])
    (row,) = [
        row
        for row in batches(cells)
        if row.dataset == cells["dataset"]
        and row.precision == cells["precision"]
        and row.sequence_length == number(cells["sequence_length"])
    ]
    assert (row.batch_native, row.batch_compiled) == (native, compiled)
    assert row.smaller is (native is not None and compiled < native)


def test_training_compiler_has_no_more_rows() -> None:
    assert len(support.training_compiler().rows) == 235
