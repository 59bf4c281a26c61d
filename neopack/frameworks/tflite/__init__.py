"""TensorFlow Lite: a .tflite in, or what TensorFlow converts to one; ``model.tflite`` out.
TensorFlow is imported only by ``converting`` and ``run``."""

from neopack.frameworks.folder import FrameworkFolder
from neopack.frameworks.tflite.options import TFLiteOptions

__all__ = ["framework"]

framework = FrameworkFolder("TFLITE", __name__, TFLiteOptions)
