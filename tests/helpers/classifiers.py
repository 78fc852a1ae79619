"""Random weights for torchvision models, and the predictions of the whole model as a reference."""

from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

from imgrec.encoders.networks import build_model

# Indices and probabilities of the five most probable classes, each (b, 5).
Whole = tuple[np.ndarray, np.ndarray]


def random_weights(path: Path, name: str, classes: int | None = None, seed: int = 0) -> Path:
    """Write random weights that predict various classes for various pictures; return the path."""
    torch.manual_seed(seed)
    model = build_model(name, classes)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    torch.save(model.state_dict(), path)
    return path


def whole_model(name: str, weights: Path, pixels: np.ndarray, classes: int = 1000) -> Whole:
    """Return the five most probable classes of pixels (b, h, w, 3), by the whole model."""
    options = {"transform_input": True} if name in ("inception_v3", "googlenet") else {}
    if options:
        options |= {"aux_logits": True, "init_weights": False}
    model = torchvision.models.get_model(name, weights=None, num_classes=classes, **options)
    model.load_state_dict(torch.load(weights, weights_only=True))
    preset = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    mean, std = torch.tensor(preset.mean).view(3, 1, 1), torch.tensor(preset.std).view(3, 1, 1)
    batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        scores = model.eval()((batch - mean) / std)
        found = scores.softmax(1).topk(min(5, classes), dim=1)
    return found.indices.numpy(), found.values.numpy()
