"""`timm:NAME`: the models of the timm library, by the library's own names.

The vectors are the features before the last layer (`forward_head(pre_logits=True)`), the classes
what the whole model gives; pixels are prepared as the model's own data config says
(`resolve_model_data_config`). The library is the extra `models`. Weights are read from `--weights
FILE`, or by the library from its cache or by its download, with `weights_only=True` either way.

Source: timm 1.0, `timm/data/config.py` and `timm/data/transforms_factory.py`.
"""

import copy
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import floor
from pathlib import Path
from typing import Any

import torch
from torch import nn

from imgrec.encoders.embedding import EmbeddingEncoder
from imgrec.encoders.imagenet import categories
from imgrec.encoders.lanes import devices_of
from imgrec.encoders.networks import Head
from imgrec.encoders.passes import Passes
from imgrec.encoders.pixel_network import Normalization
from imgrec.encoders.spec import EncoderSpec, LoadOptions
from imgrec.encoders.state_dicts import (
    State,
    categories_beside,
    load_state,
    read_state,
    state_digest,
)
from imgrec.encoders.torch_files import reason_of
from imgrec.encoders.vision import VisionEncoder
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.system.extras import require
from imgrec.system.quiet import quiet_libraries

PREFIX = "timm:"
_FITS = {"center": "crop", "squash": "stretch"}


class Features(nn.Module):
    """A timm model that returns its features (b, d), or (b, d + C) with the scores appended."""

    def __init__(self, model: nn.Module, *, scores: bool) -> None:
        super().__init__()
        self.model = model
        self.scores = scores

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return features, and scores if they are wanted, of normalized pixels (b, 3, h, w)."""
        model: Any = self.model
        maps = model.forward_features(batch)
        features: torch.Tensor = model.forward_head(maps, pre_logits=True)
        return torch.cat([features, model.forward_head(maps)], dim=1) if self.scores else features


def load(name: str, options: LoadOptions) -> VisionEncoder | EmbeddingEncoder:
    """Return the encoder of a timm model; a `VisionEncoder` if its classes have names.

    Args:
        name: `timm:NAME`, where NAME may carry the tag of the weights, such as `resnet10t.c3_in1k`.
        options: `weights` is a file with a state dict; None for the library's own weights.

    Raises:
        EncoderError: timm has no such model, or one that imgrec cannot prepare pictures for; or
            the weights cannot be had or do not fit.
        ImgrecError: timm is not installed.
    """
    require("timm", extra="models", why=f"the encoder {name}")
    devices = devices_of(options.device)
    with quiet_libraries():
        model = _loaded(name, options.weights).eval()
        preprocessing, normalization = prepared_by(name, _data_config(model))
        dimensions, head = _head_of(name, model, preprocessing.crop_px)
    spec = EncoderSpec(
        name=name,
        dimensions=dimensions,
        preprocessing=preprocessing,
        weights=options.weights.name if options.weights else _published(model),
        weights_digest=state_digest(model.state_dict()),
        in_worker=False,
    )
    classes = head.classes if head else 0
    names = categories_beside(options.weights, classes) or _published_categories(classes)
    if head is None or names is None:
        passes = Passes(spec, Features(model, scores=False), normalization, devices)
        return EmbeddingEncoder(passes, spec)
    network = Features(model, scores=not head.is_linear)
    return VisionEncoder(Passes(spec, network, normalization, devices), spec, head, names)


def prepared_by(name: str, config: Mapping[str, Any]) -> tuple[Preprocessing, Normalization]:
    """Return how pictures are prepared for a model.

    Args:
        name: of the encoder, for messages.
        config: the model's data config, as `resolve_model_data_config` returns it.

    Raises:
        EncoderError: it wants what imgrec does not do, such as pictures that are no squares.
    """
    channels, height, width = config["input_size"]
    resize_px = floor(height / config["crop_pct"])
    fit, interpolation = _FITS.get(config["crop_mode"]), config["interpolation"]
    if (channels, height) != (3, width) or resize_px < height or fit is None:
        raise _unknown_preparation(name, config)
    if interpolation not in ("bilinear", "bicubic"):
        raise _unknown_preparation(name, config)
    return (
        Preprocessing(height, resize_px, fit, interpolation),  # type: ignore[arg-type]
        Normalization(tuple(config["mean"]), tuple(config["std"])),
    )


def _unknown_preparation(name: str, config: Mapping[str, Any]) -> EncoderError:
    shown = ", ".join(
        f"{key} {config[key]}" for key in ("input_size", "crop_mode", "crop_pct", "interpolation")
    )
    return EncoderError(
        f"{name} takes pictures that imgrec does not prepare ({shown}): "
        "name a model of square RGB pictures, cropped at the center or squashed"
    )


def _data_config(model: nn.Module) -> Mapping[str, Any]:
    from timm.data import resolve_model_data_config

    config: Mapping[str, Any] = resolve_model_data_config(model)
    return config


def _loaded(name: str, weights: Path | None) -> nn.Module:

    wanted = name.removeprefix(PREFIX)
    _check_known(name, wanted)
    if weights is None:
        failed = f"the weights of {name} are not there and cannot be downloaded"
        return _created(failed, wanted, {"pretrained": True})
    state = read_state(weights)
    options = _classes_in(wanted, state)
    model = _created(f"{name} cannot be built", wanted, {"pretrained": False, **options})
    load_state(model, state, weights)
    return model


def _check_known(name: str, wanted: str) -> None:
    import timm

    if timm.is_model(wanted.partition(".")[0]) and wanted in _names(wanted):
        return
    every = [*timm.list_models(), *timm.list_pretrained()]
    close = get_close_matches(wanted, every)
    raise EncoderError(
        f"timm has no model {wanted!r}"
        + (f", did you mean {' or '.join(PREFIX + other for other in close)}?" if close else ":")
        + f" its {len(every):,} names are those of timm.list_models() and timm.list_pretrained()"
    )


def _names(wanted: str) -> list[str]:
    """Return the names of a model in timm: alone, and with the tag of each of its weights."""
    import timm

    model = wanted.partition(".")[0]
    return [model, *timm.list_pretrained(f"{model}.*")]


def _created(failed: str, wanted: str, options: Mapping[str, Any]) -> nn.Module:
    """Return a model of the library; `failed` begins the message where it raises."""
    import timm

    try:
        model: nn.Module = timm.create_model(wanted, **options)
    # Whatever the library and the network may raise: each answers to the same advice.
    except Exception as error:
        raise EncoderError(
            f"{failed} ({reason_of(error)}): name a state dict with --weights FILE, or run where "
            "timm can download it"
        ) from error
    return model


def _classes_in(wanted: str, state: State) -> dict[str, int]:
    """Return the options for a head as wide as that of the weights."""
    import timm

    config = timm.get_pretrained_cfg(wanted)
    name = config.classifier if config else None
    if not isinstance(name, str) or not config.num_classes:
        return {}
    weight = state.get(f"{name}.weight")
    return {"num_classes": 0 if weight is None else len(weight)}


def _head_of(name: str, model: Any, side_px: int) -> tuple[int, Head | None]:
    """Return the length of a model's vectors, and its head if it has one.

    One picture of noise is computed, which shows both, and whether the scores are what the last
    layer makes of the vectors.

    Raises:
        EncoderError: the model does not return a vector a picture.
    """
    noise = torch.rand(1, 3, side_px, side_px, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = Features(model, scores=False)(noise)
        if features.ndim != 2:
            raise EncoderError(
                f"{name} gives {tuple(features.shape[1:])} values a picture, not a vector: "
                "name another model"
            )
        d = int(features.shape[1])
        classes = int(getattr(model, "num_classes", 0) or 0)
        if not classes:
            return d, None
        last: Any = getattr(model, "get_classifier", nn.Identity)()
        if isinstance(last, nn.Linear) and last.in_features == d:
            scores = Features(model, scores=True)(noise)[:, d:]
            if torch.allclose(last(features), scores, rtol=1e-3, atol=1e-4):
                # A copy: the model goes to the device, in half precision.
                return d, Head("", copy.deepcopy(last), d, classes)
    return d, Head("", nn.Identity(), d, classes)


def _published(model: nn.Module) -> str:
    """Return the name of the library's own weights."""
    config: Mapping[str, Any] = getattr(model, "pretrained_cfg", {})
    return ".".join(str(config[key]) for key in ("architecture", "tag") if config.get(key))


def _published_categories(count: int) -> Sequence[str] | None:
    """Return the names of ImageNet's classes if a model has as many, None if nobody knows them."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    if count == len(categories()):
        return categories()
    subset = infer_imagenet_subset({"num_classes": count})
    return ImageNetInfo(subset).label_descriptions() if subset else None
