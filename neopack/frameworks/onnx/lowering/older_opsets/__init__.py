"""The forms that operators had in ONNX's opsets 11 to 7, one opset back at a time: ``steps``."""
