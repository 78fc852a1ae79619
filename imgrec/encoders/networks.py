"""torchvision's classification models taken apart into features and head.

The head is the last layer of a model, which turns features into the scores of classes. Without it
the model returns the features, which are the vectors; kept beside it, the head gives the classes
of the same forward pass.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torchvision
from torch import nn

from imgrec.encoders.classifier import Scores
from imgrec.encoders.pixel_network import Normalization
from imgrec.encoders.spec import Vectors
from imgrec.encoders.weights import default_weights
from imgrec.pictures.preprocessing import Preprocessing

# torchvision builds these two in another way with weights than without.
_AS_WITH_WEIGHTS: dict[str, dict[str, Any]] = {
    "inception_v3": {"transform_input": True, "aux_logits": True, "init_weights": False},
    "googlenet": {"transform_input": True, "aux_logits": True, "init_weights": False},
}


def model_names() -> list[str]:
    """Return the names of torchvision's classification models, sorted."""
    return list(torchvision.models.list_models(module=torchvision.models))


def build_model(name: str, classes: int | None = None) -> nn.Module:
    """Build a model that its default weights fit; its weights are random.

    Args:
        name: of the model.
        classes: the width of its head; None for that of the default weights.
    """
    options = dict(_AS_WITH_WEIGHTS.get(name, {}))
    if name.startswith("vit_"):
        options["image_size"] = preprocessing_of(name).crop_px
    if classes is not None:
        options["num_classes"] = classes
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model


def preprocessing_of(name: str) -> Preprocessing:
    """Return the preprocessing torchvision publishes with a model's default weights."""
    preset = default_weights(name).transforms()
    return Preprocessing(crop_px=preset.crop_size[0], resize_px=preset.resize_size[0], fit="crop")


def normalization_of(name: str) -> Normalization:
    """Return the normalization torchvision publishes with a model's default weights."""
    preset = default_weights(name).transforms()
    return Normalization(tuple(preset.mean), tuple(preset.std))


@dataclass(frozen=True)
class Head:
    """The layer of a model that returns the scores of the classes.

    Attributes:
        name: of the layer in the model.
        layer: a `Linear`, or (SqueezeNet) a convolution.
        dimensions: d, the width of its input.
        classes: C, the width of its output.
    """

    name: str
    layer: nn.Module
    dimensions: int
    classes: int

    @classmethod
    def of(cls, model: nn.Module) -> "Head":
        """Return the last `Linear` of a model or, if it has none, its last convolution."""
        modules = dict(model.named_modules())
        linear = [name for name, module in modules.items() if isinstance(module, nn.Linear)]
        convolutions = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)]
        name = (linear or convolutions)[-1]
        layer = modules[name]
        if isinstance(layer, nn.Linear):
            return cls(name, layer, layer.in_features, layer.out_features)
        return cls(name, layer, int(layer.in_channels), int(layer.out_channels))

    @property
    def is_linear(self) -> bool:
        """True if the scores are a function of the features alone."""
        return isinstance(self.layer, nn.Linear)

    def take_off(self, model: nn.Module) -> None:
        """Change the model to return the features (b, d), or (b, d + C) with the scores appended.

        A convolution is followed by an average over the picture, of its scores as of its features.
        The averaged scores are no function of the averaged features, so both are returned.
        """
        parent, _, attribute = self.name.rpartition(".")
        instead = nn.Identity() if self.is_linear else _Beside(self.layer)
        setattr(model.get_submodule(parent), attribute, instead)

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (b, C) of features (b, d); only of a linear head."""
        with torch.inference_mode():
            scores: Scores = self.layer(torch.from_numpy(vectors)).numpy()
        return scores


class _Beside(nn.Module):
    """A layer whose output is appended to its input along the channels."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.cat([values, self.layer(values)], dim=1)
