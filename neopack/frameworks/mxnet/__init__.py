"""MXNet: a symbol and its parameters. MXNet itself runs in a runtime of its own, for it imports
only beside an old numpy."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("MXNET", __name__)
