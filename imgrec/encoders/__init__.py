"""Encoders by name: in the box, of torchvision, timm and open_clip, and of ONNX files."""

from typing import TYPE_CHECKING

from imgrec.system.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from imgrec.encoders.registry import load_encoder, matching_encoder, needs_weights
else:
    # Whoever imports only a spec needs no list of models.
    _HOME = "imgrec.encoders.registry"
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "load_encoder": f"{_HOME}:load_encoder",
            "matching_encoder": f"{_HOME}:matching_encoder",
            "needs_weights": f"{_HOME}:needs_weights",
        },
    )

__all__ = ["load_encoder", "matching_encoder", "needs_weights"]
