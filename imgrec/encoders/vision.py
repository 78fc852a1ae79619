"""Classification networks as encoders: vectors before the head, and the classes the head gives.

`VisionEncoder` holds any such network; `load` builds those of torchvision, with the preprocessing
and normalization that torchvision publishes with the default weights. The network runs on lanes
(`imgrec.encoders.passes`): one for each device, or several concurrent passes on the CPU.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from torch import nn

from imgrec.encoders.classifier import Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.lanes import devices_of
from imgrec.encoders.networks import Head, build_model, normalization_of, preprocessing_of
from imgrec.encoders.passes import Passes
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.encoders.state_dicts import file_digest, load_state, read_state
from imgrec.encoders.weights import categories_of, weights_file
from imgrec.pictures.preprocessing import Pixels


class VisionEncoder:
    """A network and its head as a `DeviceEncoder` and a `Classifier`."""

    def __init__(self, passes: Passes, spec: EncoderSpec, head: Head, categories: Sequence[str]):
        """Join what gives the vectors with what scores them.

        Args:
            passes: of the network, which gives features (b, d) where the head is linear, else
                features and scores (b, d + C).
            spec: of the encoder.
            head: that was taken off.
            categories: the names of the C classes.
        """
        self._passes = passes
        self._spec = spec
        self._head = head
        self._categories = tuple(categories)

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
        return self._passes.ahead

    @property
    def classifies_vectors(self) -> bool:
        """True if the scores are a function of the vectors; False for SqueezeNet."""
        return self._head.is_linear

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Fold and compile the network as far as it pays; see `Passes.prepare`."""
        return self._passes.prepare(pictures, batch, compile, quiet)

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
        finish = self._passes.begin(pixels)
        return lambda: self._split(finish())

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, C) of vectors (m, d); only where `classifies_vectors`."""
        return self._head.scores(vectors)

    def _split(self, output: Vectors) -> Encoded:
        d = self._head.dimensions
        if self._head.is_linear:
            return Encoded(output, self._head.scores(output))
        return Encoded(np.ascontiguousarray(output[:, :d]), output[:, d:])


def load(name: str, options: LoadOptions) -> VisionEncoder:
    """Build a torchvision model and load its weights.

    Args:
        name: of the model, as torchvision spells it.
        options: `weights` is a file with a state dict; None for torchvision's own, from its cache
            (`TORCH_HOME`) or, where it is not there, by its download. `device` is `auto` (CUDA,
            then MPS, then CPU) or a torch device name; `cuda` is all of them.

    Raises:
        EncoderError: the weights cannot be had or do not fit, or the device cannot be used.
    """
    devices = devices_of(options.device)
    source, file = weights_file(name, options.weights)
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
    head.take_off(model)
    passes = Passes(spec, model, normalization_of(name), devices)
    return VisionEncoder(passes, spec, head, categories_of(name, options.weights, head.classes))


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
