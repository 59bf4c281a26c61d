"""TensorFlow: SavedModels and frozen graphs in, the same out, in the form that Neo's loader
finds. tensorflow is imported only by ``export``, ``handover`` and ``run`` and what they call."""

from neopack.frameworks.folder import FrameworkFolder
from neopack.frameworks.tensorflow.options import TensorFlowOptions

__all__ = ["framework"]

framework = FrameworkFolder("TENSORFLOW", __name__, TensorFlowOptions)
