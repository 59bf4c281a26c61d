"""PyTorch: TorchScript in, ``model.pth`` out; read, judged and laid out without torch."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("PYTORCH", __name__)
