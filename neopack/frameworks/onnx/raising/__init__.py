"""Files of opset 6 and below, raised to 7, the lowest that ONNX Runtime computes."""
