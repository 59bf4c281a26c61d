"""Package, check and compile every model of a zoo, with random weights; one row per model.

    python benchmarks/zoo.py                        # all torchvision classification models
    python benchmarks/zoo.py --framework tensorflow # keras.applications, SavedModel and frozen
    python benchmarks/zoo.py --framework keras      # keras.applications as .h5
    python benchmarks/zoo.py --framework xgboost    # 60 configurations
    python benchmarks/zoo.py --framework linear     # those of gblinear, as ONNX
    python benchmarks/zoo.py --framework mxnet      # mxnet.gluon.model_zoo.vision
    python benchmarks/zoo.py --framework onnx       # torchvision and keras.applications in ONNX
    python benchmarks/zoo.py --framework others     # segmentation, detection, text in PyTorch

The last line counts the successes; a failure has its cause. Models without a local engine
(XGBoost) are run from the archive and compared with their golden outputs. ``--only NAME``
selects a model. ``--out FILE`` saves rows as JSON lines, and continues after the existing ones.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import neopack
from neopack.errors import NeopackError
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.signature import InputRequest

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of a zoo for ``neopack.package``. ``model`` takes a folder for its files."""

    name: str
    model: Callable[[Path], Any]
    inputs: Mapping[str, tuple[int, ...]] | Sequence[InputRequest] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    compiles: bool = True


def torchvision_models() -> Iterator[Entry]:
    from neopack.frameworks.pytorch.torchvision_ops import with_torchvision

    def imported() -> Any:
        import torchvision

        return torchvision

    torchvision = with_torchvision(imported)
    for name in sorted(torchvision.models.list_models(module=torchvision.models)):
        size = 299 if name == "inception_v3" else 224
        yield Entry(
            name=name,
            model=lambda _: f"{HERE / 'zoo_models.py'}:lively",
            inputs={"input0": (1, 3, size, size)},
            arguments={"name": name, "size": size},
        )


def other_models() -> Iterator[Entry]:
    """Segmentation, detection, text."""
    from neopack.frameworks.pytorch.torchvision_ops import with_torchvision

    def imported() -> Any:
        import zoo_others

        return zoo_others

    others = with_torchvision(imported)
    for name, (function, options, shapes) in others.names().items():
        yield Entry(
            name=name,
            model=partial(callable_of, "zoo_others.py", function),
            inputs=[
                InputRequest(name=key, shape=shape)
                if key == "image"
                else InputRequest(
                    name=key,
                    shape=shape,
                    dtype="int64",
                    below=others.WORDS if key == "input_ids" else 2,
                )
                for key, shape in shapes.items()
            ],
            arguments=options,
        )


def callable_of(file: str, name: str, _: Path) -> str:
    return f"{HERE / file}:{name}"


def gluon_models() -> Iterator[Entry]:
    """Yield the models of mxnet 1.8.0's ``vision.get_model``; it imports only in its runtime."""
    names = [f"resnet{depth}_v{of}" for of in (1, 2) for depth in (18, 34, 50, 101, 152)]
    names += [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")]
    names += [f"densenet{depth}" for depth in (121, 161, 169, 201)]
    names += ["alexnet", "squeezenet1.0", "squeezenet1.1", "inceptionv3"]
    for kind in ("mobilenet", "mobilenetv2_"):
        names += [f"{kind}{width}" for width in ("1.0", "0.75", "0.5", "0.25")]
    for name in names:
        size = 299 if name == "inceptionv3" else 224
        yield Entry(
            name=name,
            model=lambda _: f"{HERE / 'zoo_models_mxnet.py'}:lively",
            inputs={"data": (1, 3, size, size)},
            arguments={"name": name, "size": size},
        )


def xgboost_models() -> Iterator[Entry]:
    import zoo_xgboost

    for name, train in zoo_xgboost.configurations():
        yield Entry(name=name, model=train, compiles=False)


def linear_models() -> Iterator[Entry]:
    """Yield those of ``xgboost_models`` that have no trees, as ONNX: NEO-XG-009 says to."""
    for entry in xgboost_models():
        if "gblinear" in entry.name:
            model = partial(saved_booster, entry.model)
            yield Entry(name=entry.name, model=model, options={"framework": "ONNX"})


def saved_booster(train: Callable[[Path], Any], folder: Path) -> Path:
    path = folder / "booster.json"
    train(folder).save_model(path)
    return path


def tensorflow_models() -> Iterator[Entry]:
    """Yield each model as a SavedModel and as a frozen graph."""
    for form in ("saved-model", "frozen"):
        options = {"framework": "TENSORFLOW", "form": form}
        yield from applications(f" {form}", options)
        import zoo_tensorflow

        for name, inputs in zoo_tensorflow.INPUTS.items():
            yield Entry(
                name=f"{name} {form}",
                model=lambda _: f"{HERE / 'zoo_tensorflow.py'}:build",
                inputs=inputs,
                arguments={"name": name},
                options=options,
            )


def keras_models() -> Iterator[Entry]:
    yield from applications("", {"framework": "KERAS"})


def applications(suffix: str, options: dict[str, str]) -> Iterator[Entry]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import zoo_applications

    for name in zoo_applications.names():
        size = zoo_applications.size(name)
        yield Entry(
            name=f"{name}{suffix}",
            model=lambda _: f"{HERE / 'zoo_applications.py'}:lively",
            inputs={"image": (1, size, size, 3)},
            arguments={"name": name},
            options=options,
        )


def onnx_models() -> Iterator[Entry]:
    """Yield both zoos as torch.onnx writes them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import zoo_applications
    import zoo_onnx

    for entry in torchvision_models():
        yield Entry(name=entry.name, model=partial(zoo_onnx.exported, "torchvision", entry.name))
    for name in zoo_applications.names():
        yield Entry(name=name, model=partial(zoo_onnx.exported, "keras", name))


ZOOS = {
    "keras": keras_models,
    "linear": linear_models,
    "mxnet": gluon_models,
    "onnx": onnx_models,
    "others": other_models,
    "pytorch": torchvision_models,
    "tensorflow": tensorflow_models,
    "xgboost": xgboost_models,
}


def attempt(entry: Entry, folder: Path) -> dict[str, Any]:
    archive = folder / "model.tar.gz"
    row: dict[str, Any] = {"model": entry.name, "step": "package"}
    start = time.perf_counter()
    try:
        packed = neopack.package(
            entry.model(folder),
            inputs=entry.inputs,
            arguments=entry.arguments,
            path=archive,
            **entry.options,
        )
        row |= {"MB": round(packed.bytes / 1e6, 2), "packaged s": since(start), "step": "check"}
        row["warnings"] = [f.id for f in packed.report.at("warning")] + list(packed.warnings)
        report = neopack.check(archive, target="ml_c5")
        row["check"] = "clean" if report.clean else report.at("error")[0].message
        row["step"], start = "compile", time.perf_counter()
        off = compiled(archive) if entry.compiles else run(packed)
        row |= {"compiled s": since(start), "difference": off, "step": "done"}
    except NeopackError as error:
        row["failure"] = error.line()
    return row


def compiled(archive: Path) -> float | None:
    return neopack.compile(archive, target="ml_c5").difference


def run(packed: Any) -> float:
    inputs, golden = load_goldens(packed.goldens)
    return difference(golden, neopack.load(packed.path).predict(inputs))


def since(start: float) -> float:
    return round(time.perf_counter() - start, 1)


def walk(
    options: argparse.Namespace,
    tried: Callable[[Entry, Path], dict[str, Any]],
    row_line: Callable[[dict[str, Any]], str],
) -> list[dict[str, Any]]:
    """Return one row per model, printed immediately and saved in ``options.out``. Models with a
    row there are not tried again, so that two processes can start from both ends."""
    entries = list(ZOOS[options.framework]())
    if options.only:  # in that order: the small ones first, say
        by_name = {entry.name: entry for entry in entries}
        entries = [by_name[name] for name in options.only]
    done = []
    for entry in reversed(entries) if options.reverse else entries:
        row = saved_rows(options.out).get(entry.name)
        if row is None:
            with tempfile.TemporaryDirectory() as folder:
                row = tried(entry, Path(folder))
            if options.out is not None:
                with options.out.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
        print(row_line(row), flush=True)
        done.append(row)
    return done


def saved_rows(out: Path | None) -> dict[str, dict[str, Any]]:
    if out is None or not out.exists():
        return {}
    return {row["model"]: row for row in map(json.loads, out.read_text().splitlines())}


def arguments(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--framework", choices=sorted(ZOOS), default="pytorch")
    parser.add_argument("--only", action="append")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--reverse", action="store_true")
    return parser


def row_line(row: dict[str, Any]) -> str:
    head = f"{row['model']:24} {row.get('MB', ''):>8} {row.get('packaged s', ''):>7} "
    if "failure" in row:
        return f"{head} FAILED in {row['step']}: {row['failure']}"
    remarks = f"  {', '.join(row['warnings'])}" if row["warnings"] else ""
    return f"{head} {row['check']:6} {row['compiled s']:>7}  {row['difference']:.1e}{remarks}"


def main() -> None:
    options = arguments(__doc__).parse_args()
    print(f"{'model':24} {'MB':>8} {'package':>7}  {'check':6} {'compile':>7}  difference")
    done = walk(options, attempt, row_line)
    good = [row for row in done if "failure" not in row and row["check"] == "clean"]
    print(f"{len(good)} of {len(done)} packaged, checked clean, and compiled or run")
    sys.exit(len(good) != len(done))


if __name__ == "__main__":
    main()
