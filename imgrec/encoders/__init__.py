"""Encoders by name: in the box, of torchvision, timm and open_clip, and of ONNX files."""

from imgrec.encoders.registry import load_encoder, matching_encoder, needs_weights

__all__ = ["load_encoder", "matching_encoder", "needs_weights"]
