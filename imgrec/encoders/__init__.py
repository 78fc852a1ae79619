"""The encoders: `mini` and `rgb` in the box, every torchvision classification model by name."""

from pathlib import Path

from imgrec.encoders.mini import Mini
from imgrec.encoders.rgb import BINS, RgbHistogram, bins_of
from imgrec.encoders.spec import Encoder, EncoderSpec
from imgrec.errors import EncoderError

__all__ = ["load_encoder", "matching_encoder", "needs_weights"]


_IN_THE_BOX = ("mini", "rgb")


def needs_weights(name: str) -> bool:
    """Whether an encoder is a torchvision model, which needs weights."""
    return name not in _IN_THE_BOX


def load_encoder(
    name: str, weights: Path | None = None, device: str = "auto", bins: int = BINS
) -> Encoder:
    """Build an encoder by its name; torch is imported only for those that need it.

    Args:
        name: `mini`, `rgb`, or a torchvision classification model.
        weights: a state dict, for a torchvision model.
        device: where a torchvision model runs.
        bins: of `rgb`, for each channel.

    Raises:
        EncoderError: the name is unknown, or the weights cannot be had or do not fit.
    """
    if name == "rgb":
        return RgbHistogram(bins)
    if name == "mini":
        return Mini()
    from imgrec.encoders.vision import VisionEncoder

    return VisionEncoder.load(name, weights, device)


def matching_encoder(
    spec: EncoderSpec, weights: Path | None = None, device: str = "auto"
) -> Encoder:
    """Build the very encoder that made a feature, for pictures that are not in it.

    Raises:
        EncoderError: as `load_encoder`, or what is there now is not what made the feature.
    """
    bins = bins_of(spec) if spec.name == "rgb" else BINS
    encoder = load_encoder(spec.name, weights, device, bins)
    if (encoder.spec.version, encoder.spec.weights_digest) != (spec.version, spec.weights_digest):
        raise EncoderError(
            f"the store's {spec.name} vectors were made with {spec.weights or 'an older version'}, "
            f"and this is {encoder.spec.weights or 'a newer one'}: "
            "name the weights they were made with by --weights FILE, or index again"
        )
    return encoder
