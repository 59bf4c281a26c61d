"""An MXNet model as ONNX, written from its files without MXNet."""
