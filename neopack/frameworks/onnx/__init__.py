"""ONNX: one .onnx in, ``model.onnx`` out. onnx is imported only by ``export`` and ``run``."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("ONNX", __name__)
