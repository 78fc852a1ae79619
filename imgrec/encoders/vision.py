"""Every torchvision classification model as an encoder: its last features, head removed."""

import hashlib
import warnings
from difflib import get_close_matches
from pathlib import Path
from pickle import UnpicklingError  # torch.load raises it; nothing is pickled here
from typing import Any

import numpy as np
import torch
import torchvision
from torch import nn

from imgrec.encoders.spec import EncoderSpec, Pixels, Preprocessing, Vectors
from imgrec.errors import EncoderError

# torchvision builds these two otherwise when they get weights than when they do not.
_AS_WITH_WEIGHTS: dict[str, dict[str, Any]] = {
    "inception_v3": {"transform_input": True, "aux_logits": True, "init_weights": False},
    "googlenet": {"transform_input": True, "aux_logits": True, "init_weights": False},
}


def model_names() -> list[str]:
    """Return the names of torchvision's classification models, sorted."""
    return list(torchvision.models.list_models(module=torchvision.models))


class VisionEncoder:
    """A torchvision model whose classification head gives way to the identity."""

    def __init__(self, spec: EncoderSpec, model: nn.Module, device: torch.device) -> None:
        preset = _default_weights(spec.name).transforms()
        self._spec = spec
        self._device = device
        self._dtype = torch.float16 if device.type == "cuda" else torch.float32
        self._mean = _channels(preset.mean, device)
        self._std = _channels(preset.std, device)
        self._model = model.eval().to(device, self._dtype).to(memory_format=torch.channels_last)

    @classmethod
    def load(cls, name: str, weights: Path | None = None, device: str = "auto") -> "VisionEncoder":
        """Build a model, load its weights and take its head off.

        Args:
            name: of the model, as torchvision spells it.
            weights: a file with a state dict; None for torchvision's own, from its cache
                (`TORCH_HOME`) or, where it is not there, by its download.
            device: `auto` (CUDA, then MPS, then CPU) or a torch device name.

        Raises:
            EncoderError: the name is unknown, or the weights cannot be had or do not fit.
        """
        if name not in model_names():
            known = ["mini", "rgb", *model_names()]
            close = get_close_matches(name, known)
            raise EncoderError(
                f"no encoder is called {name!r}"
                + (f", did you mean {' or '.join(close)}?" if close else "")
                + f" known: {', '.join(known)}"
            )
        chosen = _device(device)
        source, file = _weights_file(name, weights)
        model = build_model(name)
        _load_state(model, file)
        dimensions = remove_head(model)
        spec = EncoderSpec(
            name=name,
            dimensions=dimensions,
            preprocessing=preprocessing_of(name),
            weights=source,
            weights_digest=_file_digest(file),
            in_worker=False,
        )
        return cls(spec, model, chosen)

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the features (b, d) before the head of pixels (b, crop_px, crop_px, 3).

        Raises:
            EncoderError: the device gave up, for want of memory above all.
        """
        try:
            return self._features(pixels)
        except RuntimeError as error:  # memory above all
            reason = str(error).splitlines()[0]
            raise EncoderError(
                f"{self._spec.name} failed on {self._device} with {len(pixels)} pictures "
                f"({reason}): try a smaller --batch-size, or --device cpu"
            ) from error

    def _features(self, pixels: Pixels) -> Vectors:
        with torch.inference_mode():
            batch = torch.from_numpy(np.require(pixels, requirements=["C", "W"])).to(self._device)
            batch = batch.permute(0, 3, 1, 2).float() / 255  # (b, 3, h, w), channels last
            batch = ((batch - self._mean) / self._std).to(self._dtype)
            features: Vectors = self._model(batch).float().cpu().numpy()
        return features


def build_model(name: str) -> nn.Module:
    """Return a model of the shape that its default weights fit, not yet loaded."""
    options = _AS_WITH_WEIGHTS.get(name, {})
    if name.startswith("vit_"):
        options = {"image_size": preprocessing_of(name).crop_px}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model


def remove_head(model: nn.Module) -> int:
    """Replace the layer that gives the classes by the identity; return its input width d.

    That layer is the last `Linear` of the model, or, where there is none (SqueezeNet), its
    last convolution.
    """
    modules = dict(model.named_modules())
    linear = [name for name, module in modules.items() if isinstance(module, nn.Linear)]
    convolutions = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)]
    name = (linear or convolutions)[-1]
    parent, _, attribute = name.rpartition(".")
    setattr(modules[parent], attribute, nn.Identity())
    head = modules[name]
    return head.in_features if isinstance(head, nn.Linear) else int(head.in_channels)


def preprocessing_of(name: str) -> Preprocessing:
    """Return the preprocessing torchvision publishes with a model's default weights."""
    preset = _default_weights(name).transforms()
    return Preprocessing(crop_px=preset.crop_size[0], resize_px=preset.resize_size[0], fit="crop")


def _default_weights(name: str) -> Any:
    return torchvision.models.get_model_weights(name).DEFAULT


def _channels(values: list[float], device: torch.device) -> torch.Tensor:
    return torch.tensor(values, device=device).view(1, 3, 1, 1)


def _device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(f"the device {name!r} cannot be used ({reason}): try cpu") from error
    return device


def _weights_file(name: str, weights: Path | None) -> tuple[str, Path]:
    if weights is not None:
        if not weights.is_file():
            raise EncoderError(f"--weights {weights} is not a file: name a torch state dict")
        return weights.name, weights
    default = _default_weights(name)
    file = Path(torch.hub.get_dir(), "checkpoints", default.url.rpartition("/")[2])
    if not file.is_file():
        _download(name, default, file)
    return str(default), file


def _download(name: str, default: Any, file: Path) -> None:
    try:
        default.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, RuntimeError) as error:
        raise EncoderError(
            f"the weights of {name} are not at {file} and cannot be downloaded ({error}): "
            f"put the file of {default.url} there (TORCH_HOME names the folder above), "
            "or name a state dict with --weights FILE, or run where torchvision can download "
            "it, or take the encoder that needs no weights with --encoder mini"
        ) from error


def _load_state(model: nn.Module, file: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the file is said below
            state = torch.load(file, map_location="cpu", weights_only=True)
        model.load_state_dict(state)
    except (OSError, RuntimeError, EOFError, KeyError, AttributeError, TypeError,
            UnpicklingError) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:200]
        raise EncoderError(
            f"the weights in {file} do not fit the model ({reason}): "
            "name a state dict of this very model"
        ) from error


def _file_digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
