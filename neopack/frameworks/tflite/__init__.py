"""TensorFlow Lite: one .tflite, which is read and judged. Nothing here packages or runs it."""
