"""A network behind its normalization, so that pixels go to the device as bytes."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Normalization:
    """What turns channels, from 0 to 1, into what a network was trained with: (x - mean) / std.

    Attributes:
        mean: of red, green and blue.
        std: standard deviation of each.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


class PixelNetwork(nn.Module):
    """A model behind its normalization: uint8 pixels in, float32 features out."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        model: nn.Module,
        normalization: Normalization,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.model = model.to(dtype)
        self.dtype = dtype
        self.register_buffer("mean", torch.tensor(normalization.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(normalization.std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the model's output (b, w), float32, for pixels (b, h, w, 3), uint8."""
        batch = pixels.permute(0, 3, 1, 2).float() / 255  # (b, 3, h, w), channels last
        batch = (batch - self.mean) / self.std
        features: torch.Tensor = self.model(batch.to(self.dtype))
        return features.float()
