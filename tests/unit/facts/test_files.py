"""The files themselves: typed rows, cheap import, lookups that fail with a place."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from neopack import facts
from neopack.facts.rows import Row


def test_importing_facts_reads_no_toml() -> None:
    code = (
        "import sys, neopack.facts, neopack.facts.rows as rows;"
        "print('tomllib' in sys.modules, rows.facts_file.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "0"]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({}, "text"),
        ({"key": 1}, "text"),
        ({"key": True}, "number"),
        ({"key": "yes"}, "flag"),
        ({"key": ["a", 1]}, "texts"),
        ({"key": "a"}, "texts"),
        ({"key": [["a"], "b"]}, "groups"),
        ({"key": []}, "table"),
    ],
)
def test_a_bad_value_names_its_file_and_place(values: dict[str, object], read: str) -> None:
    row = Row(values, "some.toml: row[3]")
    with pytest.raises(ValueError, match=re.escape("some.toml: row[3]")):
        getattr(row, read)("key")


def test_a_choice_names_the_choices() -> None:
    with pytest.raises(ValueError, match="one of a, b"):
        Row({"key": "c"}, "some.toml").choice("key", frozenset({"a", "b"}))


def test_limits_of_the_api() -> None:
    assert facts.limit("DataInputConfig").maximum == 16384
    options = facts.limit("CompilerOptions")
    assert (options.minimum, options.maximum) == (3, 1024)
    assert re.fullmatch(facts.limit("FrameworkVersion").pattern, "1.13")
    assert not re.fullmatch(facts.limit("CompilationJobName").pattern, "-job")


def test_compiler_options_by_target() -> None:
    def keys(target: str, framework: str) -> list[str]:
        return [option.key for option in facts.options(facts.target(target), framework)]

    assert keys("ml_c5", "PYTORCH") == ["dtype"]
    assert keys("ml_c5", "ONNX") == []
    assert keys("linux/arm64/nvidia", "ONNX")[-3:] == ["gpu-code", "trt-ver", "cuda-ver"]
    assert keys("ml_eia2", "TENSORFLOW") == ["precision_mode", "signature_def_key", "output_names"]
    assert "ANDROID_PLATFORM" in keys("qcs605", "PYTORCH")
    assert "class_labels" in keys("coreml", "PYTORCH")
    assert facts.string_form(facts.target("ml_inf1")) is not None
    assert facts.string_form(facts.target("ml_c5")) is None
    assert facts.options_undocumented(facts.target("ml_trn1"))
    assert facts.option_group_required(facts.target("linux/x86_64/nvidia"), "ONNX") == "nvidia"
    assert facts.option_group_required(facts.target("jetson_nano"), "ONNX") == ""


def test_handlers_by_container() -> None:
    pytorch = facts.handler("PYTORCH", facts.target("ml_c5"))
    assert pytorch is not None
    assert pytorch.sets == (("input_fn", "predict_fn", "output_fn"), ("transform_fn",))
    onnx = facts.handler("ONNX", facts.target("ml_c5"))
    assert onnx is not None
    assert onnx.sets == (("neo_preprocess", "neo_postprocess"),)
    assert facts.handler("PYTORCH", facts.target("rasp3b")) is None


def test_onnx_releases_are_in_order() -> None:
    rows = facts.onnx_releases()
    assert [(r.ir, r.opset) for r in rows] == sorted((r.ir, r.opset) for r in rows)
    known = {r.release: (r.ir, r.opset) for r in rows}
    assert known["1.7.0"] == (7, 12)
    assert known["1.8.0"] == (7, 13)


def test_where_data_input_config_may_be_left_out() -> None:
    assert facts.config_optional("ONNX") is None
    xgboost, pytorch = facts.config_optional("XGBOOST"), facts.config_optional("PYTORCH")
    assert xgboost is not None
    assert xgboost.kinds == ()
    assert pytorch is not None
    assert (pytorch.version_from, pytorch.stored_inputs) == ("2.0", True)
