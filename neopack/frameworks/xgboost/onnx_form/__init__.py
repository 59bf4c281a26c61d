"""XGBoost's trees as an ONNX model, for engines that know nothing of XGBoost."""
