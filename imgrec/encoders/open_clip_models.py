"""`open_clip:NAME/TAG`: pictures and words in one space, by the models of the open_clip library.

NAME is a model of the library and TAG one of its published weights, such as
`open_clip:ViT-B-32/laion2b_s34b_b79k`; with `--weights FILE` the tag may be left out. The vectors
of pictures and of texts have length 1. Pixels are prepared as the model's own preprocessing says.
The library is the extra `models`; it reads weights with `weights_only=True`, as `--weights FILE`
is.

Many published weights were trained with QuickGELU, which the model of the same name computes only
where it is asked to; with GELU their vectors are worse and nothing says so. So the activation is
that of the tag.

Source: open_clip 3, `src/open_clip/factory.py` and `src/open_clip/transform.py`.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from imgrec.encoders.embedding import EmbeddingEncoder
from imgrec.encoders.lanes import devices_of
from imgrec.encoders.passes import Passes
from imgrec.encoders.pixel_network import Normalization
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.encoders.state_dicts import load_state, read_state, state_digest
from imgrec.encoders.torch_files import reason_of
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.system.extras import require
from imgrec.system.quiet import quiet_libraries

PREFIX = "open_clip:"
_FITS = {"shortest": "crop", "squash": "stretch"}
_SHOWN_TAGS = 6
# What published weights say about their pictures.
_PREPARED = ("mean", "std", "interpolation", "resize_mode")


class ImageTower(nn.Module):
    """The part of a model that sees pictures: unit vectors (b, d) of normalized pixels."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the unit vectors (b, d) of normalized pixels (b, 3, h, w)."""
        features = self.visual(batch)
        # A tower for captions (CoCa) returns the vectors of places, too.
        features = features[0] if isinstance(features, tuple) else features
        # In float32: the sum of squares of many values leaves the range of half precision.
        unit: torch.Tensor = nn.functional.normalize(features.float(), dim=-1)
        return unit


class ClipEncoder(EmbeddingEncoder):
    """A model of pictures and words as a `DeviceEncoder` and a `TextEncoder`."""

    def __init__(self, passes: Passes, spec: EncoderSpec, model: nn.Module, wanted: str) -> None:
        """Join the passes of the image tower with the text tower.

        Args:
            passes: of the image tower.
            spec: of the encoder.
            model: the whole one, whose text tower stays on the CPU.
            wanted: the library's name of the model.
        """
        super().__init__(passes, spec)
        self._model = model
        self._wanted = wanted

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Return the float32 unit vectors (t, d) of t texts.

        Raises:
            EncoderError: the model's tokenizer cannot be had.
        """
        import open_clip

        if not texts:
            return np.zeros((0, self.spec.dimensions), np.float32)
        try:
            with quiet_libraries():
                tokens = open_clip.get_tokenizer(self._wanted)(list(texts))
        # Some models have their tokenizer on a hub, read by a library that may be absent.
        except Exception as error:
            raise EncoderError(
                f"the tokenizer of {self.spec.name} cannot be had ({reason_of(error)}): ask by "
                "pictures, or take a model with the tokenizer of the library, such as "
                f"{PREFIX}ViT-B-32"
            ) from error
        model: Any = self._model
        with torch.inference_mode():
            found: Vectors = model.encode_text(tokens, normalize=True).float().numpy()
        return found


def load(name: str, options: LoadOptions) -> ClipEncoder:
    """Return the encoder of an open_clip model.

    Args:
        name: `open_clip:NAME/TAG`, or `open_clip:NAME` if there is a file of weights.
        options: `weights` is a file with a state dict or a training checkpoint of the library;
            None for the library's own weights.

    Raises:
        EncoderError: open_clip has no such model or tag; or the weights cannot be had or do not
            fit.
        ImgrecError: open_clip is not installed.
    """
    require("open_clip", extra="models", why=f"the encoder {name}")
    import open_clip

    devices = devices_of(options.device)
    wanted, _, tag = name.removeprefix(PREFIX).partition("/")
    _check_known(name, wanted, tag, options.weights)
    with quiet_libraries():
        model: Any = _loaded(name, wanted, tag, options.weights).eval()
        config = open_clip.get_model_preprocess_cfg(model)
    preprocessing, normalization = prepared_by(name, config)
    tower = ImageTower(model.visual)
    spec = EncoderSpec(
        name=name,
        dimensions=_dimensions(tower, preprocessing.crop_px),
        preprocessing=preprocessing,
        weights=options.weights.name if options.weights else tag,
        weights_digest=state_digest(model.state_dict()),
        in_worker=False,
    )
    passes = Passes(spec, tower, normalization, devices)
    return ClipEncoder(passes, spec, model, wanted)


def prepared_by(name: str, config: Mapping[str, Any]) -> tuple[Preprocessing, Normalization]:
    """Return how pictures are prepared for a model.

    Args:
        name: of the encoder, for messages.
        config: the model's preprocessing, as `get_model_preprocess_cfg` returns it.

    Raises:
        EncoderError: it wants what imgrec does not do.
    """
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    fit, interpolation = _FITS.get(config["resize_mode"]), config["interpolation"]
    if height != width or fit is None or interpolation not in ("bilinear", "bicubic"):
        shown = ", ".join(f"{k} {config[k]}" for k in ("size", "resize_mode", "interpolation"))
        raise EncoderError(
            f"{name} takes pictures that imgrec does not prepare ({shown}): "
            "name a model of square pictures, cropped at the center or squashed"
        )
    return (
        Preprocessing(height, height, fit, interpolation),  # type: ignore[arg-type]
        Normalization(tuple(config["mean"]), tuple(config["std"])),
    )


def _check_known(name: str, wanted: str, tag: str, weights: Path | None) -> None:
    import open_clip

    models = open_clip.list_models()
    if wanted not in models:
        close = get_close_matches(wanted, models)
        raise EncoderError(
            f"open_clip has no model {wanted!r}"
            + (f", did you mean {' or '.join(PREFIX + other for other in close)}?" if close else "")
            + f": its {len(models)} names are those of open_clip.list_models()"
        )
    tags = open_clip.list_pretrained_tags_by_model(wanted)
    if tag in tags or (weights is not None and not tag):
        return
    shown = ", ".join(f"{PREFIX}{wanted}/{other}" for other in tags[:_SHOWN_TAGS])
    more = f" and {len(tags) - _SHOWN_TAGS} more" if len(tags) > _SHOWN_TAGS else ""
    what = f"open_clip has no weights {tag!r} of {wanted}" if tag else f"{name} names no weights"
    raise EncoderError(
        f"{what}: name one of {shown or 'none'}{more}, or a state dict with --weights FILE"
    )


def _loaded(name: str, wanted: str, tag: str, weights: Path | None) -> nn.Module:
    import open_clip

    published: Mapping[str, Any] = open_clip.get_pretrained_cfg(wanted, tag) if tag else {}
    quick = bool(published.get("quick_gelu"))
    # Towers never get weights of their own, which would be downloaded.
    alone = {"pretrained_image": False, "pretrained_text": False, "force_quick_gelu": quick}
    if weights is None:
        return _created(
            f"the weights of {name} are not there and cannot be downloaded",
            (wanted, tag),
            {"require_pretrained": True, **alone},
        )
    state = read_state(weights)
    overlay = {key: published[key] for key in _PREPARED if key in published}
    failed = f"{name} cannot be built"
    model = _created(failed, (wanted,), {"force_preprocess_cfg": overlay, **alone})
    load_state(model, state, weights)
    return model


def _created(failed: str, names: tuple[str, ...], options: Mapping[str, Any]) -> nn.Module:
    """Return a model of the library; `failed` begins the message where it raises."""
    import open_clip

    try:
        model: nn.Module = open_clip.create_model(*names, **options)
    # Whatever the library, the network and absent packages may raise: the advice is the same.
    except Exception as error:
        raise EncoderError(
            f"{failed} ({reason_of(error)}): name a state dict with --weights FILE, or run where "
            "open_clip can download what it needs"
        ) from error
    return model


def _dimensions(tower: nn.Module, side_px: int) -> int:
    with torch.inference_mode():
        return int(tower(torch.zeros(1, 3, side_px, side_px)).shape[-1])
