"""Encoders: `lite0`, `mini` and `rgb` in the box, every torchvision classification model by its name."""

from imgrec.encoders.registry import load_encoder, matching_encoder, needs_weights

__all__ = ["load_encoder", "matching_encoder", "needs_weights"]
