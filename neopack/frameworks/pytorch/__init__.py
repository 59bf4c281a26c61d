"""PyTorch: TorchScript in, ``model.pth`` out; read, judged and laid out without torch."""

from neopack.frameworks.folder import FrameworkFolder
from neopack.frameworks.pytorch.options import PyTorchOptions

__all__ = ["framework"]

framework = FrameworkFolder("PYTORCH", __name__, PyTorchOptions)
