"""Faster inference on the CPU: batch norms are folded, and the network is compiled.

Folding is cheap and exact up to rounding. Compiling (TorchInductor) needs a C++ compiler and half
a minute, which only many pictures repay; the compiled code is cached in the user's cache folder.
Where compiling fails the network runs uncompiled: it is an optimization and never an error.
"""

import copy
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import platformdirs
import torch
from torch import nn

from imgrec.encoders.lanes import DirectLane, Finish, lane_threads, shares
from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels
from imgrec.system.folder_names import folder_name
from imgrec.system.quiet import quiet_libraries

_CACHE_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
# Floating point operations from which on compiling takes less time than it saves: ResNet-50 (8.2
# billion a picture) on two cores compiles for 36 s, 11 s with its code in the cache, and then is
# 10 ms a picture faster than with folded batch norms. The first run pays for those after it too.
COLD_PAYS, WARM_PAYS = 25e12, 10e12


def folded(model: nn.Module) -> nn.Module:
    """Return a model with its batch norms folded into the convolutions before them.

    A model whose graph torch.fx cannot trace is returned unchanged.
    """
    from torch.fx.experimental.optimization import fuse

    try:
        return fuse(model.eval())
    except Exception:  # tracing runs the model's own code, which may raise anything
        return model


def compiler() -> str | None:
    """Return the path of the C++ compiler that torch would call; None if there is none."""
    named = os.environ.get("CXX", "").split() or ["clang++" if sys.platform == "darwin" else "g++"]
    return shutil.which(named[0])


def cache_folder() -> Path:
    """Set the cache folder of compiled code, so that it survives the run; return it.

    Torch reads it from the environment, where its import may have put a temporary folder. A folder
    that the user named is kept.
    """
    named = os.environ.get(_CACHE_VARIABLE)
    if not named or Path(named).parent == Path(tempfile.gettempdir()):
        named = str(platformdirs.user_cache_path("imgrec") / "inductor")
        os.environ[_CACHE_VARIABLE] = named
    return Path(named)


def mark_of(spec: EncoderSpec, batch: int) -> Path:
    """Return the marker file of a network that was compiled here for one batch size."""
    name = folder_name(f"{spec.name}-{spec.version}-{batch}-{torch.__version__}")
    return cache_folder() / "imgrec" / name


def leave(mark: Path) -> None:
    """Write a marker file; ignore an unwritable folder, where no code was cached either."""
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def pays(
    pictures: int,
    network: PixelNetwork,
    side_px: int,
    mark: Path,
    cold: float = COLD_PAYS,
    warm: float = WARM_PAYS,
) -> bool:
    """Return True if compiling costs less time than it saves on a number of pictures.

    Decided by counting operations and not by time, so that a run is reproducible.

    Args:
        pictures: that will be encoded.
        network: that would be compiled.
        side_px: of the pictures.
        mark: of `mark_of`; a file there means that the compiled code is in the cache.
        cold: floating point operations from which on it pays with an empty cache.
        warm: the same with the code in the cache.
    """
    least = warm if mark.exists() else cold
    return pictures * _operations(network, side_px) >= least


def _operations(network: PixelNetwork, side_px: int) -> int:
    """Return the floating point operations for one picture; a multiply-add is two."""
    from torch.utils.flop_counter import FlopCounterMode  # imports all of inductor

    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, side_px, side_px, 3, dtype=torch.uint8))
    return int(counter.get_total_flops())


class CompiledLane:
    """The CPU with a network compiled for one batch size; other batches run uncompiled.

    To be called from the threads of `side_by_side` only: the compiled code is specific to the
    number of torch's threads.
    """

    ahead = 0

    def __init__(self, network: PixelNetwork, batch: int, side_px: int) -> None:
        """Compile a network, which takes half a minute the first time.

        Args:
            network: in channels-last order, for evaluation.
            batch: pictures a forward pass.
            side_px: of the pictures.

        Raises:
            EncoderError: it cannot be compiled here.
        """
        if compiler() is None:
            raise EncoderError("there is no C++ compiler (install g++, or ask for --compile off)")
        self._plain = DirectLane(network, torch.device("cpu"))
        self._batch = batch
        try:
            # In a thread as those of its lanes: the code holds for as many threads of torch.
            with lane_threads(1, shares()[1]) as thread:
                self._network = torch.compile(copy.deepcopy(network), dynamic=False)
                pixels = np.zeros((batch, side_px, side_px, 3), np.uint8)
                thread.submit(self._compile, pixels).result()
        except Exception as error:  # whatever the compiler and the tools it needs may raise
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise EncoderError(f"it cannot be compiled ({lines[0]})") from error

    def _compile(self, pixels: Pixels) -> None:
        with _compiling():
            self.begin(pixels)()

    def begin(self, pixels: Pixels) -> Finish:
        """Compute a batch (b, h, w, 3), padded to the compiled size.

        A batch of at most half that size runs uncompiled: padding would cost more than it gains.
        """
        count = len(pixels)
        if not self._batch // 2 < count <= self._batch:
            return self._plain.begin(pixels)
        if count < self._batch:
            filling = np.zeros((self._batch - count, *pixels.shape[1:]), np.uint8)
            pixels = np.concatenate([pixels, filling])
        with torch.no_grad():  # freezing knows no inference mode
            output = self._network(torch.from_numpy(np.require(pixels, requirements=["C", "W"])))
        return lambda: output.numpy()[:count]


@contextmanager
def _compiling() -> Iterator[None]:
    """Set TorchInductor to constant weights, no worker process, no logging, for the time being.

    The code is compiled for the number of threads that torch has in this thread.
    """
    cache_folder()
    from torch._inductor import config

    settings = {"freezing": True, "compile_threads": 1, "cpp.threads": torch.get_num_threads()}
    with quiet_libraries(), config.patch(settings):
        yield
