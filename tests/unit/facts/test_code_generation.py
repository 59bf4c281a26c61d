"""What is generated for the CPU of a target, and what links it."""

from __future__ import annotations

import pytest

from neopack import facts
from neopack.facts.code_generation import code_names, code_of, generated_code, generic

AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
AVX2 = {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe"}


@pytest.mark.parametrize(
    ("target", "machine", "package"),
    [
        ("ml_c4", "x86-64", "gcc"),
        ("sbe_c", "x86-64", "gcc"),
        ("linux/x86", "x86", "gcc-i686-linux-gnu"),
        ("jetson_nano", "AArch64", "gcc-aarch64-linux-gnu"),
        ("linux/arm64/mali", "AArch64", "gcc-aarch64-linux-gnu"),
        ("rasp3b", "ARM hard-float", "gcc-arm-linux-gnueabihf"),
        ("rasp4b", "ARM hard-float", "gcc-arm-linux-gnueabihf"),
        ("linux/arm_eabi", "ARM soft-float", "gcc-arm-linux-gnueabi"),
    ],
)
def test_code_for_linux_is_linked(target: str, machine: str, package: str) -> None:
    linking = generated_code(facts.target(target)).linking
    assert linking is not None
    assert (linking.machine, linking.package) == (machine, package)
    assert linking.compilers


@pytest.mark.parametrize("target", ["coreml", "lambda", "qcs605", "x86_win64", "android/arm64"])
def test_nothing_is_known_to_link_other_code(target: str) -> None:
    assert generated_code(facts.target(target)).linking is None


def test_code_runs_where_the_cpu_has_what_it_needs() -> None:
    code = generated_code(facts.target("ml_c5"))
    assert code.runs("x86_64", frozenset(AVX2 | AVX512))
    assert not code.runs("x86_64", frozenset(AVX2))
    assert not code.runs("aarch64", frozenset(AVX2 | AVX512))
    assert not code_of("llvm -mcpu=unheard-of").runs("x86_64", frozenset(AVX2 | AVX512))
    assert generic(code).runs("x86_64", frozenset())
    arm = generated_code(facts.target("rasp4b"))
    assert generic(arm).name == "llvm -mtriple=armv8l-linux-gnueabihf"
    assert {code.name, arm.name} <= set(code_names())
