"""Forward passes of a network: prepared for a number of pictures, then queued on lanes.

What every encoder with a network needs to be a `DeviceEncoder`, whatever its output means: one lane
for each device, or several concurrent passes on the CPU (`imgrec.encoders.lanes`); folded batch
norms and compiled code where many pictures repay them (`imgrec.encoders.acceleration`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from imgrec.encoders.acceleration import CompiledLane, folded, leave, mark_of, pays
from imgrec.encoders.device import Compile
from imgrec.encoders.lanes import PASS, DirectLane, Finish, Lane, Output, lanes_on, side_by_side
from imgrec.encoders.pixel_network import Normalization, PixelNetwork
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels
from imgrec.system.progress import progress

# Pictures from which on folding the batch norms is worth its half second.
_MANY = 64


class Passes:
    """A network on devices, called in batches."""

    def __init__(
        self,
        spec: EncoderSpec,
        model: nn.Module,
        normalization: Normalization,
        devices: Sequence[torch.device],
    ) -> None:
        """Put a network on devices.

        Args:
            spec: of the encoder.
            model: normalized pixels (b, 3, h, w) in, (b, w) out.
            normalization: of the pixels.
            devices: that take batches in turn; all of one type.
        """
        self._spec = spec
        self._devices = devices
        half = devices[0].type == "cuda"
        dtype = torch.float16 if half else torch.float32
        self._network = PixelNetwork(model.eval(), normalization, dtype)
        self._lanes: Lane = lanes_on(devices, self._network)
        # By pictures a pass: a crew in the process of its driver prepares what that has prepared.
        self._compiled: dict[int, CompiledLane] = {}

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        return self._lanes.ahead

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
        try:
            with progress(f"compiling {self._spec.name}", quiet=quiet):
                lane = self._compiled.get(batch) or CompiledLane(self._network, batch, side_px)
        except EncoderError as error:
            return f"{self._spec.name} runs uncompiled, slower: {error}"
        leave(mark)
        self._compiled[batch] = lane
        self._lanes = side_by_side(lane)
        return ""

    def begin(self, pixels: Pixels) -> Finish:
        """Queue a batch (b, crop_px, crop_px, 3); return a function that waits for its result.

        Raises:
            EncoderError: the device failed, in most cases for lack of memory; the returned
                function raises it too.
        """
        with self._translated(len(pixels)):
            finish = self._lanes.begin(pixels)

        def finished() -> Output:
            with self._translated(len(pixels)):
                return finish()

        return finished

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
