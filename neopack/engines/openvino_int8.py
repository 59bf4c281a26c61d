"""OpenVINO models in 8 bits, by NNCF: all of the computation, or the weights alone.

Weights get 7 of the 8 bits, because CPUs without VNNI add products of 8 bits in 16 and saturate
(NNCF 3.4, OverflowFix): an artifact is right on them too, and no slower elsewhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from neopack.distributions import install_hint
from neopack.engines import Judge, QuantizationOrder
from neopack.errors import EngineFailed, Missing, NeopackError, VerificationFailed, first_line
from neopack.values.artifact import Array
from neopack.values.log import Log
from neopack.values.signature import Signature

__all__ = ["Ports", "quantized"]

WEIGHTS_ONLY = "int8-weights"
# their ranges are not symmetric about zero, as those after a ReLU and of most others are
ASYMMETRIC = frozenset({"Swish", "HSwish", "Gelu", "Elu", "Mish", "PRelu", "SoftPlus"})
# between weights and their layer; zero points of 8 bits too
DEQUANTIZING = frozenset({"Convert", "Multiply", "Subtract", "Reshape"})
BYTES = ("i8", "u8")
ATTENTION = "ScaledDotProductAttention"


class Ports:
    """The names of a model's tensors in the engine, and in the signature."""

    def __init__(self, signature: Signature, port_names: Sequence[str]) -> None:
        self._inputs = [spec.name for spec in signature.inputs]
        self._outputs = [spec.name for spec in signature.outputs]
        self._ports = port_names

    def of_inputs(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return {port: inputs[name] for port, name in zip(self._ports, self._inputs, strict=True)}

    def of_outputs(self, answers: Any) -> dict[str, Array]:
        return {name: answers[at].copy() for at, name in enumerate(self._outputs)}


def quantized(
    model: Any, order: QuantizationOrder, ports: Ports, log: Log
) -> tuple[Any, tuple[str, ...]]:
    """``model``, of OpenVINO, in the precision of ``order``; and the layers that stayed in fp32
    because the judge found it worse than allowed."""
    nncf = _nncf()
    try:
        if order.precision == WEIGHTS_ONLY:
            return nncf.compress_weights(model.clone()), ()
        return _quantized(nncf, model, order, ports, log)
    except NeopackError:
        raise
    except Exception as error:
        raise EngineFailed(
            f"NNCF cannot quantize the model: {first_line(error)}", hint="--precision bf16 or fp32"
        ) from error


def _quantized(
    nncf: Any, model: Any, order: QuantizationOrder, ports: Ports, log: Log
) -> tuple[Any, tuple[str, ...]]:
    inputs = [ports.of_inputs(each) for each in order.samples]
    settings = {**_settings(nncf, model), "subset_size": len(inputs)}
    data, seven_bits = nncf.Dataset(inputs), _seven_bits()
    small = nncf.quantize(model.clone(), data, advanced_parameters=seven_bits, **settings)
    whole = _in_8_bits(small)
    if not whole:
        raise EngineFailed("NNCF finds nothing to quantize in the model", hint="--precision fp32")
    if order.judge is None:
        return small, ()
    score = _validation(order.judge, ports)
    places = range(len(order.judge.inputs))
    if 1.0 - score(_openvino_compiled(small), places)[0] <= order.judge.max_drop:
        return small, ()
    log.note(f"{len(whole)} layers in int8 lose too much: the worst are put back to fp32")
    restored = nncf.quantize_with_accuracy_control(
        model.clone(),
        data,
        nncf.Dataset(places, lambda place: ports.of_inputs(order.judge.inputs[place])),
        score,
        max_drop=order.judge.max_drop,
        advanced_quantization_parameters=seven_bits,
        **settings,
    )
    left = _in_8_bits(restored)
    if not left:
        raise VerificationFailed(
            f"none of its {len(whole)} layers can be in int8 without losing more than "
            f"{order.judge.max_drop:g}",
            hint="allow more with --max-accuracy-drop, or take another --precision",
        )
    return restored, tuple(sorted(whole - left))


def _settings(nncf: Any, model: Any) -> dict[str, Any]:
    """NNCF's own advice for transformers and for activations, by what the model computes."""
    types = {node.get_type_name() for node in model.get_ops()}
    transformer = ATTENTION in types or _has_attention(model)
    mixed = transformer or types & ASYMMETRIC
    preset = nncf.QuantizationPreset
    return {
        "model_type": nncf.ModelType.TRANSFORMER if transformer else None,
        "preset": preset.MIXED if mixed else preset.PERFORMANCE,
        "target_device": nncf.TargetDevice.CPU,
    }


def _seven_bits() -> Any:
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix

    return AdvancedQuantizationParameters(overflow_fix=OverflowFix.ENABLE)


def _has_attention(model: Any) -> bool:
    """Whether a MatMul takes what a Softmax gives."""
    return any(
        node.get_type_name() == "Softmax"
        and any(
            user.get_node().get_type_name() == "MatMul"
            for user in node.output(0).get_target_inputs()
        )
        for node in model.get_ops()
    )


def _validation(judge: Judge, ports: Ports) -> Any:
    """NNCF's validation function: the score of a compiled model at some places, such that fp32
    has 1: NNCF divides by that."""
    shift = 1.0 - judge.before

    def score(compiled: Any, items: Iterable[int]) -> tuple[float, list[float] | None]:
        places = [int(item) for item in items]
        request = compiled.create_infer_request()
        answers = [
            ports.of_outputs(request.infer(ports.of_inputs(judge.inputs[place])))
            for place in places
        ]
        each = judge.each(places, answers)
        shifted = None if each is None else [value + shift for value in each]
        return judge.score(places, answers) + shift, shifted

    return score


def _openvino_compiled(model: Any) -> Any:
    import openvino

    return openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def _in_8_bits(model: Any) -> set[str]:
    """The names of the layers whose weights are integers of 8 bits."""
    return {
        node.get_friendly_name()
        for constant in model.get_ops()
        if constant.get_type_name() == "Constant"
        and constant.get_element_type().get_type_name() in BYTES
        for node in _users(constant)
    }


def _users(node: Any) -> Iterator[Any]:
    """The layers that take a tensor, past what turns integers into floats."""
    for target in node.output(0).get_target_inputs():
        user = target.get_node()
        if user.get_type_name() in DEQUANTIZING:
            yield from _users(user)
        else:
            yield user


def _nncf() -> Any:
    try:
        import nncf
    except ImportError as error:
        raise Missing(f"int8 needs NNCF ({error})", hint=install_hint("int8")) from None
    # it would tell the child's output of every step
    logging.getLogger("nncf").setLevel(logging.ERROR)
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return nncf
