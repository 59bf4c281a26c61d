"""TensorFlow models of every form, packaged, checked, compiled and run for real."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import Call

import neopack as package
from neopack.errors import SourceError, UsageError
from neopack.frameworks.tensorflow.facts import FrozenGraphFacts, SavedModelFacts, TensorFlowFacts
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import NeoArchive
from neopack.values.model import facts_of

IMAGES = {"images": (1, 8, 8, 3)}
X = {"x": (1, 8, 8, 3)}


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_bytes())


def members(made: NeoArchive) -> list[str]:
    with tarfile.open(made.path) as tar:
        return [entry.name + "/" * entry.isdir() for entry in tar.getmembers()]


def unpacked(made: NeoArchive, to: Path) -> Path:
    with tarfile.open(made.path) as tar:
        tar.extractall(to, filter="data")
    return to


def agrees(made: NeoArchive, target: str = "ml_c5") -> None:
    """The archive is found clean, and what it holds, uncompiled and compiled, gives the golden
    outputs."""
    report = package.check(made.path, target=target)
    assert report.clean, report.findings
    inputs, golden = load_goldens(made.goldens)
    assert all(np.ptp(array) > 1e-3 for array in golden.values()), "goldens that prove nothing"
    assert difference(golden, package.load(made.path).predict(inputs)) < 1e-6
    compiled = package.compile(made.path, target="ml_c5", force=True)
    assert compiled.difference is not None
    assert compiled.difference < 1e-5
    assert compiled.path is not None
    assert difference(golden, package.load(compiled.path).predict(inputs)) < 1e-5


@pytest.mark.parametrize("name", ["2/saved-model", "1.15/saved-model"])
def test_a_saved_model_keeps_its_form(tmp_path: Path, fixtures: Path, name: str) -> None:
    made = package.package(
        fixtures / "tensorflow" / name, inputs=IMAGES, path=tmp_path / "m.tar.gz"
    )
    assert members(made) == [
        "export/",
        "export/saved_model.pb",
        "export/variables/variables.data-00000-of-00001",
        "export/variables/variables.index",
    ]
    assert manifest(made)["data_input_config"] == '{"images":[1,8,8,3]}'
    agrees(made)
    agrees(made, target="rasp4b")
    info = package.inspect(made.path).info
    assert info is not None
    assert list(facts_of(info, SavedModelFacts).signatures) == ["serving_default"]
    assert facts_of(info, TensorFlowFacts).newer == ()
    # TensorFlow 1 names inputs by placeholders, TensorFlow 2 by the signature's keys
    assert facts_of(info, SavedModelFacts).signatures["serving_default"].inputs == {
        "images": "images:0"
    }


@pytest.mark.parametrize("name", ["2/saved-model", "1.15/saved-model"])
def test_tensorflow_loads_what_was_rewritten(tmp_path: Path, fixtures: Path, name: str) -> None:
    """By TensorFlow 2's loader, which builds its objects and looks for the signature there."""
    import tensorflow as tf

    made = package.package(
        fixtures / "tensorflow" / name, inputs=IMAGES, signature="raw", path=tmp_path / "m.tar.gz"
    )
    loaded = tf.saved_model.load(str(unpacked(made, tmp_path / "m") / "export"))
    assert list(loaded.signatures) == ["serving_default"]
    inputs, golden = load_goldens(made.goldens)
    answers = loaded.signatures["serving_default"](images=tf.constant(inputs["images"]))
    assert difference(golden, {key: value.numpy() for key, value in answers.items()}) < 1e-6
    assert list(golden) == ["logits"]
    assert "the signature 'raw' is now 'serving_default'" in manifest(made)["rewrites"]


@pytest.mark.parametrize("name", ["2/saved-model", "1.15/saved-model"])
def test_a_saved_model_frozen(tmp_path: Path, fixtures: Path, name: str) -> None:
    made = package.package(
        fixtures / "tensorflow" / name, inputs=IMAGES, form="frozen", path=tmp_path / "m.tar.gz"
    )
    assert members(made) == ["model.pb"]
    agrees(made)
    info = package.inspect(made.path).info
    assert info is not None
    assert facts_of(info, TensorFlowFacts).placeholders == ("images",)
    assert [name for name, _ in facts_of(info, FrozenGraphFacts).outputs] == ["scores"]
    assert facts_of(info, TensorFlowFacts).functions == ()
    assert info.signature is not None
    assert info.signature.inputs[0].shape == (1, 8, 8, 3)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("1.15/frozen.pb", X),
        ("1.15/frozen.pbtxt", X),
        ("2/frozen.pb", IMAGES),
        ("2/frozen.pbtxt", IMAGES),
    ],
)
def test_a_frozen_graph(
    tmp_path: Path, fixtures: Path, name: str, inputs: dict[str, tuple[int, ...]]
) -> None:
    made = package.package(
        fixtures / "tensorflow" / name, inputs=inputs, path=tmp_path / "m.tar.gz"
    )
    assert members(made) == ["model.pb"]
    agrees(made)


def test_names_that_the_loader_would_cut_get_others(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "tensorflow/1.15/names-end-in-zero.pb"
    made = package.package(path, path=tmp_path / "m.tar.gz")
    agrees(made)
    outputs = [spec["name"] for spec in manifest(made)["signature"]["outputs"]]
    assert outputs == ["logits_10_out", "scores"]


def test_gradients_are_cut_off_where_the_output_is_named(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "tensorflow/1.15/training.pb"
    with pytest.raises(UsageError, match="holds gradients"):
        package.package(path, path=tmp_path / "m.tar.gz")
    made = package.package(path, outputs=["dangling"], path=tmp_path / "m.tar.gz", seed=3)
    info = package.inspect(made.path).info
    assert info is not None
    facts = facts_of(info, TensorFlowFacts)
    assert facts.placeholders == ("x",)
    assert facts.training == {}


def test_keras_metadata_stays_outside(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(
        fixtures / "tensorflow/2.9/keras", inputs={"row": (1, 4)}, path=tmp_path / "m.tar.gz"
    )
    assert not [name for name in members(made) if "metadata" in name or "fingerprint" in name]
    agrees(made)
    assert "NEO-TF-012" in [finding.id for finding in made.report.at("warning")]
    assert "left out: keras_metadata.pb" in manifest(made)["rewrites"]


def test_two_inputs_of_two_types(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(fixtures / "tensorflow/2/two-inputs", path=tmp_path / "m.tar.gz")
    assert manifest(made)["data_input_config"] == '{"ids":[1,6],"mask":[1,6]}'
    agrees(made)


def test_a_saved_model_without_variables_gets_their_directory(
    tmp_path: Path, fixtures: Path
) -> None:
    made = package.package(fixtures / "tensorflow/1.15/no-variables", path=tmp_path / "m.tar.gz")
    assert members(made) == ["export/", "export/saved_model.pb", "export/variables/"]
    agrees(made, target="rasp4b")


def test_lost_variables_are_told_before_anything_is_loaded(
    tmp_path: Path, fixtures: Path, refused: Call
) -> None:
    given = tmp_path / "given"
    shutil.copytree(fixtures / "tensorflow/2/saved-model", given)
    (given / "variables/variables.data-00000-of-00001").unlink()
    asked = ("package", given, "-o", "out.tar.gz", "-i", "images=1,8,8,3")
    refused(1, "variables.data-00000-of-00001", *asked)
    (given / "variables/variables.index").unlink()
    refused(1, "variables/variables.index", *asked)


def test_elastic_inference_names_what_it_compiles(tmp_path: Path, fixtures: Path) -> None:
    saved = package.package(
        fixtures / "tensorflow/2/saved-model",
        inputs=IMAGES,
        target="ml_eia2",
        path=tmp_path / "s.tar.gz",
    )
    assert json.loads(manifest(saved)["compiler_options"]) == {
        "precision_mode": "FP32",
        "signature_def_key": "serving_default",
    }
    frozen = package.package(
        fixtures / "tensorflow/1.15/frozen.pb",
        inputs=X,
        target="ml_eia2",
        path=tmp_path / "f.tar.gz",
    )
    assert manifest(frozen)["data_input_config"] == '{"x:0":[1,8,8,3]}'
    assert json.loads(manifest(frozen)["compiler_options"])["output_names"] == ["probabilities:0"]


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_live_module_and_a_live_function(tmp_path: Path, form: Any) -> None:
    import tensorflow as tf

    class Scale(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.by = tf.Variable([1.0, 2.0, 3.0])

        @tf.function  # type: ignore[untyped-decorator]
        def serve(self, x: Any) -> Any:
            return {"scaled": x * self.by}

    module = Scale()
    for number, model in enumerate((module, module.serve)):
        made = package.package(
            model, inputs={"x": (2, 3)}, form=form, path=tmp_path / f"{number}.tar.gz"
        )
        agrees(made)
        assert "live" not in manifest(made)["source"]


def test_a_keras_model_where_tensorflow_is_asked_for(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.layers.Input((4,), name="x"), keras.layers.Dense(3)])
    for form in ("saved-model", "frozen"):
        made = package.package(
            model,
            framework="TENSORFLOW",
            form=form,
            inputs={"x": (1, 4)},
            path=tmp_path / f"{form}.tar.gz",
        )
        agrees(made)


def test_a_callable_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import tensorflow as tf\n"
        "class Twice(tf.Module):\n"
        "    @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, name='x')])\n"
        "    def serve(self, x):\n"
        "        return 2 * x\n"
        "def build():\n"
        "    return Twice()\n"
    )
    made = package.package(f"{file}:build", path=tmp_path / "m.tar.gz")
    agrees(made)
    assert [spec["name"] for spec in manifest(made)["signature"]["outputs"]] == ["output"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1.15/checkpoint", ("checkpoint", "saved_model")),
        ("1.15/not-frozen.pb", ("not frozen", "SavedModel")),
        ("1.15/no-signature", ("no signature",)),
    ],
)
def test_what_cannot_be_packaged_is_refused_with_the_way_out(
    fixtures: Path, refused: Call, name: str, words: tuple[str, ...]
) -> None:
    path = fixtures / "tensorflow" / name
    code = 2 if name.endswith("signature") else 1
    refused(code, words, "package", path, "-o", "out.tar.gz", "-i", "x=1,8,8,3")


def test_wrong_wishes_are_refused(fixtures: Path, refused: Call) -> None:
    model = fixtures / "tensorflow/2/saved-model"
    to = ("-o", "out.tar.gz")
    refused(
        2, ("'nothing'", "raw, serving_default"), "package", model, *to, "--signature", "nothing"
    )
    refused(2, ("tags train", "serve"), "package", model, *to, "--tag", "train")
    refused(2, ("'other'", "images"), "package", model, *to, "-i", "other=1,8,8,3")
    refused(2, "[?, 8, 8, 3]", "package", model, *to, "-i", "images=1,3,8,8")
    refused(2, "--input images=1,8,8,3", "package", model, *to)
    graph = fixtures / "tensorflow/1.15/frozen.pb"
    asked = ("--output-name", "probabilties", "-i", "x=1,8,8,3")
    refused(2, "did you mean probabilities?", "package", graph, *to, *asked)


def strings_in(tf: Any) -> Any:
    spec = tf.TensorSpec([1], tf.string, name="x")
    return tf.function(lambda x: {"y": tf.strings.to_number(x)}, input_signature=[spec])


def strings_out(tf: Any) -> Any:
    spec = tf.TensorSpec([1, 2], tf.float32, name="x")
    names = tf.constant(["cat", "dog"])
    return tf.function(lambda x: {"y": tf.gather(names, tf.argmax(x, 1))}, input_signature=[spec])


@pytest.mark.parametrize(("model", "shape"), [(strings_in, (1,)), (strings_out, (1, 2))])
def test_strings_are_refused_by_check_and_package(
    model: Any, shape: tuple[int, ...], tmp_path: Path
) -> None:
    import tensorflow as tf

    traced = model(tf).get_concrete_function()
    tf.saved_model.save(tf.Module(), str(tmp_path / "m"), signatures={"serving_default": traced})
    config = json.dumps({"x": list(shape)})
    report = package.check(tmp_path / "m", target="rasp4b", data_input_config=config)
    assert report.at("error")[0].id == "NEO-TF-025"
    with pytest.raises((SourceError, UsageError), match="str"):
        package.package(tmp_path / "m", inputs={"x": shape}, path=tmp_path / "m.tar.gz")


def test_the_same_model_gives_the_same_bytes(tmp_path: Path, fixtures: Path) -> None:
    for form in ("saved-model", "frozen"):
        made = [
            package.package(
                fixtures / "tensorflow/2/saved-model",
                inputs=IMAGES,
                form=form,
                path=tmp_path / f"{form}{number}.tar.gz",
            )
            for number in range(2)
        ]
        assert made[0].content_sha256 == made[1].content_sha256


def test_a_damaged_graph_is_refused(tmp_path: Path, fixtures: Path) -> None:
    data = (fixtures / "tensorflow/1.15/frozen.pb").read_bytes()
    (tmp_path / "cut.pb").write_bytes(data[:-300])
    with pytest.raises((SourceError, package.errors.Malformed)):
        package.package(tmp_path / "cut.pb", inputs=X, path=tmp_path / "m.tar.gz")


@pytest.mark.parametrize("kind", ["Dropout", "GaussianNoise"])
def test_layers_that_are_called_in_training_are_told(kind: str, tmp_path: Path) -> None:
    import keras

    layer = getattr(keras.layers, kind)(0.5)
    x = keras.Input((4,), name="x", batch_size=1)
    for training in (True, None):
        made = package.package(
            keras.Model(x, layer(x, training=training)),
            framework="TENSORFLOW",
            inputs={"x": (1, 4)},
            path=tmp_path / f"{training}.tar.gz",
        )
        told = [text for text in made.warnings if "training=True" in text and layer.name in text]
        assert bool(told) == bool(training)


def test_tables_that_are_looked_up_are_frozen_for_tvm(fixtures: Path, tmp_path: Path) -> None:
    """TVM's parser leaves ResourceGather, which reads a variable, in a SavedModel."""
    made = package.package(
        fixtures / "tensorflow/2/two-inputs",
        path=tmp_path / "m.tar.gz",
        target="rasp4b",
        framework_version="1.15",
    )
    assert members(made) == ["model.pb"]
