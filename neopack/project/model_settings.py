"""What a project says of each model that it builds: ``[[model]]`` of ``neopack.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from neopack.project.declared import setting
from neopack.values.json import AnyJson

__all__ = [
    "BenchSettings",
    "CompileSettings",
    "InputSettings",
    "ModelSettings",
    "Thresholds",
    "Verify",
]

Verify: TypeAlias = Literal["framework", "compiler", "both", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSettings:
    ALONE: ClassVar[str] = "shape"
    shape: tuple[int, ...] = setting((), "The shape, with the batch: Neo freezes every dim.")
    dtype: str | None = setting(None, "The dtype, such as int64; float32 by default.")
    below: int | None = setting(None, "The bound of random integers, such as a vocabulary's size.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    targets: tuple[str, ...] = setting(
        (), "The targets that it is compiled for; all of the model by default."
    )
    engine: str | None = setting(None, "The local engine; the first that takes it by default.")
    precision: str = setting("fp32", "fp32, bf16, fp16, int8, int8-weights or auto.")
    calibration: str | None = setting(
        None, "For int8: an .npz or .npy, a folder of images, module:callable, or random."
    )
    preprocess: str | None = setting(None, "For images: size=224x224 mean=... std=...")
    metric: str | None = setting(None, "For int8: top1, cosine, mse, or module:callable.")
    max_accuracy_drop: float | None = setting(None, "How much of the metric int8 may lose.")
    compiler_options: str | None = setting(None, "The CompilerOptions of a job, as JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    seconds: float = setting(10.0, "Measured time for each side.")
    threads: int | None = setting(None, "Threads to compute with.")
    seed: int = setting(0, "For the inputs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    max_difference: float | None = setting(
        None, "How far outputs may be from the golden ones, relative to the largest."
    )
    min_speedup: float | None = setting(
        None, "How many times faster than the archive the artifact must be; needs bench."
    )
    max_size: str | None = setting(None, "The largest archive, such as 100 MB.")
    max_findings: int | None = setting(None, "How many errors and warnings a check may find.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """A model, with what ``[defaults]`` and its group say; ``where`` is the file that has it."""

    name: str = setting("", "The name of the archive, and of the model in reports.")
    source: str = setting("", "module:callable, file.py:callable, a model file or a directory.")
    group: str | None = setting(None, "The table of [groups] whose settings this model has.")
    inputs: Mapping[str, InputSettings] = setting({}, "The shape of each input, by its name.")
    weights: str | None = setting(None, "A state_dict, or FILE:KEY for one of several.")
    arguments: Mapping[str, AnyJson] = setting({}, "Arguments of the callable.")
    code: str | None = setting(None, "A directory that goes in as code/.")
    example: str | None = setting(None, "An .npz of real inputs.")
    reads: tuple[str, ...] = setting(
        (), "Files that the source reads and neopack cannot see; patterns such as data/*.bin."
    )
    framework: str | None = setting(None, "PYTORCH, ONNX, ...; recognized by default.")
    framework_version: str | None = setting(None, "The version Neo compiles with.")
    runtime: str | None = setting(None, "The runtime to prove it in, such as pytorch-1.8.1.")
    options: Mapping[str, AnyJson] = setting(
        {}, "Options of one framework: script, bind, signature, tags, form, outputs, ..."
    )
    seed: int = setting(0, "For random inputs and random weights.")
    level: int = setting(1, "The gzip level, 0 to 9.")
    ignore: tuple[str, ...] = setting((), "Rules, or families of rules, that may fail.")
    targets: tuple[str, ...] = setting((), "The targets; those of the project by default.")
    matrix: Mapping[str, tuple[AnyJson, ...]] = setting(
        {}, "A model for each combination of these values, written ${NAME} elsewhere."
    )
    exclude: tuple[Mapping[str, AnyJson], ...] = setting(
        (), "Combinations of matrix values, and of target, that are left out."
    )
    verify: Verify = setting("no", "Where it is proven: framework, compiler, both or no.")
    compile: CompileSettings | None = setting(None, "Compile it too; true for the defaults.")
    bench: BenchSettings | None = setting(
        None, "Measure the artifact against the archive; true for the defaults."
    )
    thresholds: Thresholds = setting(Thresholds(), "What fails the build.")
    backend: Literal["local", "sagemaker"] | None = setting(None, "Where it is compiled.")
    role: str | None = setting(None, "The ARN of the role of compilation jobs.")
    output: str | None = setting(None, "s3://bucket/prefix of compilation jobs.")
    where: str = ""
