"""The published schema takes what the reader takes."""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest

from neopack.project.schema import project_schema

SCHEMA = json.loads(project_schema())
NET = '[[model]]\nname = "net"\nsource = "net.py:Net"\n'
WHOLE = """
targets = ["ml_c5"]
target = "ml_c5"
include = "more.toml"
reports = ["junit", "html"]
[defaults]
compile = true
[groups.g]
thresholds.max_size = "10 MB"
[[model]]
name = "net-${w}"
source = "net.py:Net"
inputs = { x = [1, "${w}"], ids = { shape = [1, 4], dtype = "int64", below = 9 } }
matrix = { w = [1, 2] }
exclude = [{ w = 1, target = "ml_c5" }]
compile = { precision = "int8", calibration = "random" }
bench.seconds = 2
verify = "both"
"""


def test_it_is_a_schema_and_takes_a_whole_file() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(tomllib.loads(WHOLE), SCHEMA)


@pytest.mark.parametrize(
    "text",
    ["modle = 1", f"{NET}wieghts = 'w'", f"{NET}verify = 'yes'", f"{NET}thresholds = true",
     f"{NET}compile.precison = 'x'", "[[model]]\nsource = 'x'", "strict = 'yes'"],
)  # fmt: skip
def test_it_refuses_what_the_reader_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)
