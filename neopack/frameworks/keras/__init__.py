"""Keras: HDF5 files of Keras 1 to 3, ``.keras`` and live models in, ``model.h5`` for Keras 2.2.4
out. keras is imported only by ``export``, ``handover`` and ``run``."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("KERAS", __name__)
