"""Proof that a model was loaded and computed in an exact framework version, or compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neopack.values.signature import Shape

__all__ = [
    "CaseEvidence",
    "CompilerEvidence",
    "Evidence",
    "OutputEvidence",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputEvidence:
    """One output as an exact version gave it. ``absolute`` is the largest absolute difference
    from the golden one, ``relative`` that over the largest golden number; both of all cases."""

    name: str
    dtype: str
    shape: Shape
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvidence:
    """One golden case. ``difference`` is of the largest golden number of each output; ``remark``
    says what differs and does not refuse the model, "" for nothing."""

    name: str
    difference: float
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """That a packaged model was loaded and computed in an exact version.

    ``exact`` is whether that is the version Neo compiles with; where none such can be had it is
    the nearest older one. ``framework_version`` is what it was proven for. ``versions`` are as
    the runtime reports them, ``load_seconds`` the time it took to load the model. ``difference``
    and ``outputs`` are the largest of all golden ``cases`` that decide. ``stood_in`` are libraries
    that the runtime was built for and has empty ones in place of, CUDA's: then the proof is of the
    CPU alone. ``random`` is what makes the model random: then only the names, dtypes and
    shapes of its outputs are proven, and no number.
    """

    runtime: str
    exact: bool
    versions: Mapping[str, str]
    load_seconds: float
    difference: float
    allowed: float
    outputs: tuple[OutputEvidence, ...]
    framework_version: str = ""
    cases: tuple[CaseEvidence, ...] = ()
    stood_in: tuple[str, ...] = ()
    random: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilerEvidence:
    """That Neo's public loader converted a packaged model, and that its compiler built it.

    ``compiler`` says what that is, and is not. It was built for ``target``: ``code`` is TVM's name
    of the CPU, empty where it generates none for that target. ``computed_in`` is the code that the
    golden ``cases`` were computed in here: for this CPU where ``code`` does not run here.
    ``exact`` is whether the loader had the framework version that Neo compiles with, ``operators``
    are those of the converted model, by count. ``remarks`` say what the compiled model takes or
    returns otherwise than its source. The other fields are those of ``Evidence``.
    """

    runtime: str
    compiler: str
    target: str
    framework_version: str
    exact: bool
    versions: Mapping[str, str]
    code: str
    computed_in: str
    operators: Mapping[str, int]
    load_seconds: float
    build_seconds: float
    difference: float
    allowed: float
    outputs: tuple[OutputEvidence, ...] = ()
    cases: tuple[CaseEvidence, ...] = ()
    remarks: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
