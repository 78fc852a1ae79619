"""A network without classes as an encoder: what it returns are the vectors."""

from collections.abc import Callable

from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.passes import Passes
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.pictures.preprocessing import Pixels


class EmbeddingEncoder:
    """A network as a `DeviceEncoder`."""

    def __init__(self, passes: Passes, spec: EncoderSpec) -> None:
        self._passes = passes
        self._spec = spec

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        return self._passes.ahead

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Fold and compile the network as far as it pays; see `Passes.prepare`."""
        return self._passes.prepare(pictures, batch, compile, quiet)

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the vectors (b, d) of pixels (b, crop_px, crop_px, 3).

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
        return lambda: Encoded(finish())
