"""Darknet: a .cfg and its .weights in, both byte for byte out. OpenCV, imported only by ``run``,
computes what they say."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("DARKNET", __name__)
