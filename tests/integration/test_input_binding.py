"""Inputs go where their names say, and golden numbers come from the model as its users call it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bound_models as models
import keras
import numpy as np
import pytest
import torch
from desk import Call

import neopack as package
from neopack.errors import ExportFailed, UsageError, VerificationFailed
from neopack.frameworks.pytorch.input_binding import Binding
from neopack.frameworks.tensorflow import export as tensorflow_export
from neopack.frameworks.tensorflow.concrete_function import concrete
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference

ROW = (1, 4)
Arrays = Mapping[str, Any]


def answers(archive: Path) -> tuple[Arrays, list[Any]]:
    """The golden inputs, and the golden outputs, which the archive computes too."""
    inputs, golden = load_goldens(
        archive.with_name(archive.name.replace(".tar.gz", ".golden.npz"))
    )
    assert difference(golden, package.load(archive).predict(inputs)) < 1e-5
    return inputs, list(golden.values())


def same(expected: Any, golden: list[Any]) -> bool:
    wanted = expected if isinstance(expected, list) else [expected]
    pairs = zip(wanted, golden, strict=True)
    return all(np.allclose(np.asarray(a), b, atol=1e-5) for a, b in pairs)


# --- PyTorch --------------------------------------------------------------------------------

TORCH: dict[str, tuple[Any, dict[str, tuple[int, ...]], Callable[[Any, Arrays], Any]]] = {
    "by name": (
        models.Two(),
        {"attention_mask": ROW, "input_ids": ROW},
        lambda m, i: m(i["input_ids"], i["attention_mask"]),
    ),
    "by number": (
        models.Two(),
        {"input1": ROW, "input0": ROW},
        lambda m, i: m(i["input0"], i["input1"]),
    ),
    "keyword-only": (
        models.Keyword(),
        {"mask": ROW, "x": ROW},
        lambda m, i: m(i["x"], mask=i["mask"]),
    ),
    "variadic": (
        models.Variadic(),
        {"c": ROW, "b": ROW, "x": ROW},
        lambda m, i: m(i["x"], i["c"], i["b"]),
    ),
    "a dict, by its keys": (
        models.OfDict(),
        {"mask": ROW, "ids": ROW},
        lambda m, i: [*m(dict(i)).values()],
    ),
    "a dict, by paths": (
        models.OfDict(),
        {"batch.mask": ROW, "batch.ids": ROW},
        lambda m, i: [*m({"ids": i["batch.ids"], "mask": i["batch.mask"]}).values()],
    ),
    "a named tuple, and a dataclass back": (
        models.OfPair(),
        {"batch.mask": ROW, "batch.ids": ROW, "scale": ROW},
        lambda m, i: flat(m(i["scale"], models.Pair(i["batch.ids"], i["batch.mask"]))),
    ),
    "a tuple": (
        models.Recurrent(),
        {"state.1": (1, 3), "x": (5, 4), "state.0": (1, 3)},
        lambda m, i: m(i["x"], (i["state.0"], i["state.1"])),
    ),
}


def flat(answer: models.Answer) -> list[Any]:
    return [answer.logits, *answer.hidden]


@pytest.mark.parametrize("name", TORCH)
def test_a_module_gets_its_inputs_as_its_user_gives_them(tmp_path: Path, name: str) -> None:
    module, inputs, call = TORCH[name]
    made = package.package(module, inputs=inputs, path=tmp_path / "m.tar.gz")
    given, golden = answers(made.path)
    with torch.no_grad():
        assert same(call(module, {k: torch.from_numpy(v) for k, v in given.items()}), golden)


def test_outputs_keep_their_names_and_their_order(tmp_path: Path) -> None:
    made = package.package(
        models.OfDict(), inputs={"mask": ROW, "ids": ROW}, path=tmp_path / "m.tar.gz"
    )
    assert list(load_goldens(made.goldens)[1]) == ["z", "a"]
    inputs = {"scale": ROW, "batch.ids": ROW, "batch.mask": ROW}
    made = package.package(models.OfPair(), inputs=inputs, path=tmp_path / "n.tar.gz")
    assert list(load_goldens(made.goldens)[1]) == ["logits", "hidden.0", "hidden.1"]


def test_a_script_file_that_takes_a_dict_is_packaged_with_flat_inputs(tmp_path: Path) -> None:
    torch.jit.script(models.OfDict()).save(tmp_path / "given.pt")
    inputs = {"batch.mask": ROW, "batch.ids": ROW}
    made = package.package(tmp_path / "given.pt", inputs=inputs, path=tmp_path / "m.tar.gz")
    given, golden = answers(made.path)
    assert same([given["batch.ids"] - 2 * given["batch.mask"], given["batch.mask"] * 3], golden)


def test_an_exported_program_tells_the_entries_of_its_dict(tmp_path: Path) -> None:
    batch = {"mask": torch.ones(ROW), "ids": torch.zeros(ROW)}
    torch.export.save(torch.export.export(models.OfDict(), (batch,)), tmp_path / "given.pt2")
    made = package.package(tmp_path / "given.pt2", path=tmp_path / "m.tar.gz")
    given, golden = answers(made.path)
    assert list(given) == ["batch.mask", "batch.ids"]
    assert same([given["batch.ids"] - 2 * given["batch.mask"], given["batch.mask"] * 3], golden)


def test_other_names_are_refused_unless_positions_are_meant(
    neopack: Call, refused: Call, tmp_path: Path
) -> None:
    source = f"{models.__file__}:Two"
    call = ("package", source, "-i", "mask=1,4", "-i", "ids=1,4", "-o", tmp_path / "m.tar.gz")
    words = ("forward has no input 'mask'", "did you mean attention_mask?", "--bind positional")
    refused(2, words, *call)
    assert neopack(*call, "--bind", "positional").code == 0
    given, golden = answers(tmp_path / "m.tar.gz")
    assert same(given["mask"] - 2 * given["ids"], golden)


def test_a_module_that_is_bound_wrongly_is_not_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Local(models.Two):
        """Traced in this process, where the binding can be broken."""

    def swapped(bound: Binding, *, flat: bool) -> Any:
        class Swapped(torch.nn.Module):
            def forward(self, a: Any, b: Any) -> Any:
                return bound.module(b, a)

        return Swapped()

    monkeypatch.setattr(Binding, "program", swapped)
    inputs = {"input_ids": ROW, "attention_mask": ROW}
    with pytest.raises(ExportFailed, match="computes something else than the model"):
        package.package(Local(), inputs=inputs, path=tmp_path / "m.tar.gz")


# --- TensorFlow and Keras -------------------------------------------------------------------


def keras_two(first: str, second: str, *, keyed: bool = False) -> Any:
    """A functional model whose two inputs of one shape are not in alphabetical order."""
    keras.utils.set_random_seed(1)
    a, b = keras.Input((4,), name=first), keras.Input((4,), name=second)
    joined = keras.layers.Concatenate()([a, keras.layers.Rescaling(2.0)(b)])
    hidden = keras.layers.Dense(3)(joined)
    if keyed:
        return keras.Model({first: a, second: b}, {"z": hidden, "a": keras.layers.Dense(2)(b)})
    return keras.Model([a, b], hidden)


class OfList(keras.Model):
    def call(self, inputs: Any) -> Any:
        first, second = inputs
        return first - 2 * second


class OfKeys(keras.Model):
    def call(self, inputs: Any, training: bool = False) -> Any:
        return {"z": inputs["zeta"] - 2 * inputs["alpha"], "a": inputs["alpha"] * 3}


class OfSeveral(keras.Model):
    def call(self, zeta: Any, alpha: Any, scale: Any = None, *, bias: Any) -> Any:
        return (zeta if scale is None else zeta * scale) - 2 * alpha + 5 * bias


def difference_module() -> Any:
    import tensorflow as tf

    class Difference(tf.Module):
        @tf.function  # type: ignore[untyped-decorator]
        def __call__(self, zeta: Any, alpha: Any) -> Any:
            return zeta - 2 * alpha

    return Difference()


def structured_module() -> Any:
    import tensorflow as tf

    @dataclasses.dataclass
    class Batch:
        ids: Any
        mask: Any

    class Structured(tf.Module):
        def serve(self, state: Any, batch: Any) -> Any:
            return {"z": state[0] - 2 * state[1], "a": Batch(batch["x y"] * 3, batch["w"] + 1)}

    return Structured()


def signed_module() -> Any:
    import tensorflow as tf

    row = tf.TensorSpec(ROW)

    class Signed(tf.Module):
        @tf.function(  # type: ignore[untyped-decorator]
            input_signature=[tf.TensorSpec(ROW, name="zeta"), {"b": row, "a": row}]
        )
        def serve(self, x: Any, extra: Any) -> Any:
            return x - 2 * extra["b"] + 5 * extra["a"]

    return Signed()


def in_order(answer: Mapping[str, Any]) -> list[Any]:
    """The outputs in the order of the model, which TensorFlow itself would sort by name."""
    return list(answer.values())


TENSORFLOW: dict[str, tuple[Any, dict[str, tuple[int, ...]], Any]] = {
    "Keras, two": (
        lambda: keras_two("zeta", "alpha"),
        {"alpha": ROW, "zeta": ROW},
        lambda m, i: m.predict([i["zeta"], i["alpha"]], verbose=0),
    ),
    "Keras, names that Keras numbers": (
        lambda: keras_two("keras_tensor_9", "keras_tensor_10"),
        {"keras_tensor_10": ROW, "keras_tensor_9": ROW},
        lambda m, i: m.predict([i["keras_tensor_9"], i["keras_tensor_10"]], verbose=0),
    ),
    "Keras, a dict": (
        lambda: keras_two("zeta", "alpha", keyed=True),
        {"alpha": ROW, "zeta": ROW},
        lambda m, i: in_order(m.predict(dict(i), verbose=0)),
    ),
    "Keras, a class of a list": (
        OfList,
        {"inputs.1": ROW, "inputs.0": ROW},
        lambda m, i: m([i["inputs_0"], i["inputs_1"]]),
    ),
    "Keras, a class of a dict": (
        OfKeys,
        {"alpha": ROW, "zeta": ROW},
        lambda m, i: in_order(m(dict(i))),
    ),
    "Keras, a class of several": (
        OfSeveral,
        {"bias": ROW, "alpha": ROW, "zeta": ROW},
        lambda m, i: m(i["zeta"], i["alpha"], bias=i["bias"]),
    ),
    "a tf.Module": (
        difference_module,
        {"alpha": ROW, "zeta": ROW},
        lambda m, i: m(i["zeta"], i["alpha"]),
    ),
    "a tf.Module of structures": (
        structured_module,
        {"batch.w": ROW, "batch.x y": ROW, "state.1": ROW, "state.0": ROW},
        lambda _, i: [i["state_0"] - 2 * i["state_1"], i["batch_x_y"] * 3, i["batch_w"] + 1],
    ),
    "a tf.Module with a signature": (
        signed_module,
        {"x": ROW},
        lambda _, i: i["zeta"] - 2 * i["extra_b"] + 5 * i["extra_a"],
    ),
}


@pytest.mark.parametrize("name", TENSORFLOW)
@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_tensorflow_model_gets_its_inputs_as_its_user_gives_them(
    tmp_path: Path, name: str, form: Any
) -> None:
    build, inputs, call = TENSORFLOW[name]
    model = build()
    made = package.package(
        model, framework="TENSORFLOW", inputs=inputs, form=form, path=tmp_path / "m.tar.gz"
    )
    given, golden = answers(made.path)
    assert same(call(model, given), golden)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras, when it saves
@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("suffix", ["", ".keras", ".h5"])
def test_a_keras_file_gets_its_inputs_by_name(tmp_path: Path, keyed: bool, suffix: str) -> None:
    model = keras_two("zeta", "alpha", keyed=keyed)
    source = tmp_path / f"model{suffix}" if suffix else model
    if suffix:
        model.save(source)
    made = package.package(
        source,
        framework="KERAS",
        inputs={"alpha": ROW, "zeta": ROW},
        ignore=["NEO-KR-004"],
        path=tmp_path / "m.tar.gz",
    )
    given, golden = answers(made.path)
    found = model.predict(dict(given) if keyed else [given["zeta"], given["alpha"]], verbose=0)
    assert same([found["z"], found["a"]] if keyed else found, golden)


def test_names_that_the_function_lacks_are_refused_unless_positions_are_meant(
    tmp_path: Path,
) -> None:
    model, path = difference_module(), tmp_path / "m.tar.gz"
    with pytest.raises(UsageError, match="__call__ has no input 'alph'") as caught:
        package.package(model, inputs={"alph": ROW, "beta": ROW}, path=path)
    assert "did you mean alpha?" in caught.value.hint
    inputs = {"y": ROW, "x": ROW}
    made = package.package(model, inputs=inputs, bind="positional", path=path)
    given, golden = answers(made.path)
    assert same(given["y"] - 2 * given["x"], golden)


def test_a_list_of_inputs_says_how_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed) as caught:
        package.package(
            OfList(),
            framework="TENSORFLOW",
            inputs={"b": ROW, "a": ROW},
            path=tmp_path / "m.tar.gz",
        )
    assert "a list is inputs.0 and so on" in caught.value.hint


def sabotaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is traced gets its two inputs swapped."""
    monkeypatch.setattr(
        tensorflow_export,
        "concrete",
        lambda live, where: concrete(replace(live, names=live.names[::-1]), where),
    )


@pytest.mark.parametrize("form", ["saved-model", "frozen"])
def test_a_graph_that_is_bound_wrongly_is_not_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Any
) -> None:
    sabotaged(monkeypatch)
    with pytest.raises(ExportFailed, match="differs from its source"):
        package.package(
            difference_module(),
            inputs={"zeta": ROW, "alpha": ROW},
            form=form,
            path=tmp_path / "m.tar.gz",
        )


def test_a_graph_that_is_bound_wrongly_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it written all the same, its golden numbers would tell."""
    sabotaged(monkeypatch)
    monkeypatch.setattr(tensorflow_export, "REWRITE_DIFFERENCE", float("inf"))
    made = package.package(
        difference_module(), inputs={"zeta": ROW, "alpha": ROW}, path=tmp_path / "m.tar.gz"
    )
    with pytest.raises(VerificationFailed, match="computes another result"):
        package.verify(made.path, runtime="tensorflow-2.9.3")
