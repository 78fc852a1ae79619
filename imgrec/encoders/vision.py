"""Every torchvision classification model as an encoder and classifier.

The vectors are the features before the model's last layer, its head; the classes are what the head
gives. Preprocessing and normalization are those that torchvision publishes with the default
weights. The network runs on lanes (`imgrec.encoders.lanes`): one for each device, or several
concurrent passes on the CPU.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from imgrec.encoders.acceleration import CompiledLane, folded, leave, mark_of, pays
from imgrec.encoders.classifier import Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.lanes import PASS, DirectLane, devices_of, lanes_on, side_by_side
from imgrec.encoders.networks import (
    Head,
    PixelNetwork,
    build_model,
    preprocessing_of,
)
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.encoders.weights import (
    categories_of,
    file_digest,
    load_state,
    read_state,
    weights_file,
)
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels
from imgrec.system.progress import progress

# Pictures from which on folding the batch norms is worth its half second.
_MANY = 64


class VisionEncoder:
    """A torchvision model as a `DeviceEncoder` and a `Classifier`."""

    def __init__(
        self,
        spec: EncoderSpec,
        model: nn.Module,
        devices: Sequence[torch.device],
        categories: tuple[str, ...],
    ) -> None:
        """Split a model into features and head, and put it on devices.

        Args:
            spec: of the encoder.
            model: with its weights and its head.
            devices: that take batches in turn; all of one type.
            categories: the names of the classes.
        """
        self._spec = spec
        self._head = Head.of(model)
        self._head.take_off(model.eval())
        self._categories = categories
        self._devices = devices
        half = devices[0].type == "cuda"
        self._network = PixelNetwork(spec.name, model, torch.float16 if half else torch.float32)
        self._lanes = lanes_on(devices, self._network)

    @classmethod
    def load(cls, name: str, weights: Path | None = None, device: str = "auto") -> "VisionEncoder":
        """Build a model and load its weights.

        Args:
            name: of the model, as torchvision spells it.
            weights: a file with a state dict; None for torchvision's own, from its cache
                (`TORCH_HOME`) or, where it is not there, by its download.
            device: `auto` (CUDA, then MPS, then CPU) or a torch device name; `cuda` is all of
                them.

        Raises:
            EncoderError: the weights cannot be had or do not fit, or the device cannot be used.
        """
        devices = devices_of(device)
        source, file = weights_file(name, weights)
        model = _loaded(name, file)
        head = Head.of(model)
        spec = EncoderSpec(
            name=name,
            dimensions=head.dimensions,
            preprocessing=preprocessing_of(name),
            weights=source,
            weights_digest=file_digest(file),
            in_worker=False,
        )
        return cls(spec, model, devices, categories_of(name, weights, head.classes))

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the C classes."""
        return self._categories

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        return self._lanes.ahead

    @property
    def classifies_vectors(self) -> bool:
        """True if the scores are a function of the vectors; False for SqueezeNet."""
        return self._head.is_linear

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Fold and compile the network as far as a number of pictures repays; only on the CPU.

        Args:
            pictures: that will be encoded.
            batch: pictures a forward pass.
            compile: `auto` where that many pay for it, `on` always, `off` never.
            quiet: no progress bar.

        Returns:
            One line that says why it is slower than it could be; empty where it is not.
        """
        if [device.type for device in self._devices] != ["cpu"] or not pictures:
            return ""
        if pictures >= _MANY:
            self._network.model = folded(self._network.model)
            self._lanes = side_by_side(DirectLane(self._network, self._devices[0]))
        batch, side_px = min(batch, PASS), self._spec.preprocessing.crop_px
        mark = mark_of(self._spec, batch)
        if compile == "off" or (
            compile == "auto" and not pays(pictures, self._network, side_px, mark)
        ):
            return ""
        desc = f"compiling {self._spec.name}"
        try:
            with progress(total=1, desc=desc, unit="network", quiet=quiet) as bar:
                lane = CompiledLane(self._network, batch, side_px)
                bar.update()
        except EncoderError as error:
            return f"{self._spec.name} runs uncompiled, slower: {error}"
        leave(mark)
        self._lanes = side_by_side(lane)
        return ""

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the features (b, d) before the head of pixels (b, crop_px, crop_px, 3).

        Raises:
            EncoderError: the device failed, in most cases for lack of memory.
        """
        return self.begin(pixels)().vectors

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        """Queue a batch (b, crop_px, crop_px, 3); return a function that waits for its result.

        Raises:
            EncoderError: the device failed; the returned function raises it too.
        """
        with self._translated(len(pixels)):
            finish = self._lanes.begin(pixels)

        def encoded() -> Encoded:
            with self._translated(len(pixels)):
                return self._split(finish())

        return encoded

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, C) of vectors (m, d); only where `classifies_vectors`."""
        return self._head.scores(vectors)

    def _split(self, output: Vectors) -> Encoded:
        d = self._head.dimensions
        if self._head.is_linear:
            return Encoded(output, self._head.scores(output))
        return Encoded(np.ascontiguousarray(output[:, :d]), output[:, d:])

    @contextmanager
    def _translated(self, count: int) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # memory above all
            reason = str(error).splitlines()[0]
            raise EncoderError(
                f"{self._spec.name} failed on {self._devices[0].type} with {count} pictures "
                f"({reason}): try a smaller --batch-size, or --device cpu"
            ) from error


def _loaded(name: str, file: Path) -> nn.Module:
    """Return a model with its weights; its head is as wide as that of the weights."""
    state = read_state(file)
    model = build_model(name)
    head = Head.of(model)
    weight = state.get(f"{head.name}.weight")
    if weight is not None and len(weight) != head.classes:
        model = build_model(name, len(weight))
    load_state(model, state, file)
    return model


def load(name: str, options: LoadOptions) -> VisionEncoder:
    """Return the encoder of a torchvision model; see `VisionEncoder.load`."""
    return VisionEncoder.load(name, options.weights, options.device)
