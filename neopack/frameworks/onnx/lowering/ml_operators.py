"""Linear models and preparing steps of ai.onnx.ml as plain operators.

Each function says in its docstring what the operator computes: onnx/onnx
docs/Operators-ml.md (2026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = ["DOMAIN", "ML"]

DOMAIN = "ai.onnx.ml"
PLAIN = "plain operators"
TRANSFORMS = {"NONE": "", "LOGISTIC": "Sigmoid", "SOFTMAX": "Softmax"}


def _floats(site: Site, place: int = 0) -> str:
    """An input as float32, in which these operators answer."""
    from onnx import TensorProto

    if site.dtype(place) == TensorProto.FLOAT:
        return site.input(place)
    return site.emit("Cast", site.input(place), to=TensorProto.FLOAT)


def _numbers(site: Site, name: str) -> str:
    import numpy as np

    return site.weight(np.array(site.attribute(name, []), np.float32), name)


def _lines(site: Site, columns: int, into: str = "") -> str:
    """X times the coefficients, plus the intercepts."""
    import numpy as np

    table = np.array(site.attribute("coefficients", []), np.float32).reshape(columns, -1)
    product = site.emit("MatMul", _floats(site), site.weight(table.T.copy(), "coefficients"))
    offsets = np.zeros(columns, np.float32)
    offsets[:] = site.attribute("intercepts", [0.0])
    return site.emit("Add", product, site.weight(offsets, "intercepts"), into=into)


def _transform(site: Site) -> str:
    name = site.attribute("post_transform", "NONE")
    if name not in TRANSFORMS or site.rank() != 2:
        raise NotInOnnx(f"{site.node.op_type} with {name}")
    return TRANSFORMS[name]


def linear_regressor(site: Site) -> str:
    """post_transform(X times the coefficients + intercepts)"""
    transform, columns = _transform(site), site.attribute("targets", 1)
    if transform == "Softmax" and columns == 1:
        raise NotInOnnx("Softmax of one number")
    scores = _lines(site, columns, "" if transform else site.output(0))
    if transform:
        site.emit(transform, scores, into=site.output(0))
    return PLAIN


def linear_classifier(site: Site) -> str:
    """Scores as those of LinearRegressor, and the label of the largest. With one line for two
    labels, the first has what is left to 1, as in ONNX Runtime."""
    import numpy as np
    from onnx import TensorProto

    transform = _transform(site)
    labels = np.array(site.attribute("classlabels_ints", []), np.int64)
    columns = len(site.attribute("intercepts", [])) or len(labels)
    one_line = columns == 1 and len(labels) == 2
    if not len(labels) or not (columns == len(labels) or (one_line and transform != "Softmax")):
        raise NotInOnnx("LinearClassifier with labels of another kind")
    scores = _lines(site, columns)
    if one_line:
        best = site.emit("Cast", site.emit("Greater", scores, site.number(0, "zero")), to=7)
        shape = site.weight(np.array([-1], np.int64), "row")
        best = site.emit("Reshape", best, shape)
        chance = site.emit(transform, scores) if transform else scores
        other = site.emit("Sub", site.number(1, "one", TensorProto.FLOAT), chance)
        site.emit("Concat", other, chance, into=site.output(1), axis=1)
    else:
        best = site.emit("ArgMax", scores, axis=1, keepdims=0)
        site.emit(transform or "Identity", scores, into=site.output(1))
    site.emit("Gather", site.weight(labels, "labels"), best, into=site.output(0), axis=0)
    return PLAIN


def scaler(site: Site) -> str:
    """(X - offset) * scale"""
    moved = site.emit("Sub", _floats(site), _numbers(site, "offset"))
    site.emit("Mul", moved, _numbers(site, "scale"), into=site.output(0))
    return PLAIN


def normalizer(site: Site) -> str:
    """Each row over its norm; a row of zeros stays."""
    norm, x = site.attribute("norm", "MAX"), _floats(site)
    operator = {"MAX": "ReduceMax", "L1": "ReduceL1", "L2": "ReduceL2"}.get(norm)
    if operator is None:
        raise NotInOnnx(f"Normalizer with {norm}")
    size = site.emit(operator, x, axes=[-1], keepdims=1)
    ones = site.emit("Cast", site.emit("Equal", size, _zero(site)), to=1)
    site.emit("Div", x, site.emit("Add", size, ones), into=site.output(0))
    return PLAIN


def _zero(site: Site) -> str:
    import numpy as np

    return site.weight(np.zeros((), np.float32), "zero")


def binarizer(site: Site) -> str:
    """1 where X is larger than the threshold"""
    import numpy as np

    threshold = np.array(site.attribute("threshold", 0.0), np.float32)
    above = site.emit("Greater", _floats(site), site.weight(threshold, "threshold"))
    site.emit("Cast", above, into=site.output(0), to=site.dtype())
    return PLAIN


def imputer(site: Site) -> str:
    """Other numbers in place of NaN or of one number"""
    import numpy as np

    replaced = np.array(site.attribute("replaced_value_float", 0.0), np.float32)
    if not site.attribute("imputed_value_floats", []):
        raise NotInOnnx("Imputer of integers")
    x = _floats(site)
    if np.isnan(replaced):
        missing = site.emit("IsNaN", x)
    else:
        missing = site.emit("Equal", x, site.weight(replaced, "replaced"))
    imputed = _numbers(site, "imputed_value_floats")
    site.emit("Where", missing, imputed, x, into=site.output(0))
    return PLAIN


def feature_vectorizer(site: Site) -> str:
    """The inputs beside each other"""
    sides = [_floats(site, place) for place in range(len(site.node.input))]
    site.emit("Concat", *sides, into=site.output(0), axis=1)
    return PLAIN


def array_feature_extractor(site: Site) -> str:
    """The columns of these places"""
    places = site.constant(1, "columns")
    indices = site.weight(places.reshape(-1).copy(), "columns")
    site.emit("Gather", site.input(0), indices, into=site.output(0), axis=site.rank() - 1)
    return PLAIN


ML: Mapping[str, Callable[[Site], Any]] = {
    "ArrayFeatureExtractor": array_feature_extractor,
    "Binarizer": binarizer,
    "FeatureVectorizer": feature_vectorizer,
    "Imputer": imputer,
    "LinearClassifier": linear_classifier,
    "LinearRegressor": linear_regressor,
    "Normalizer": normalizer,
    "Scaler": scaler,
}
