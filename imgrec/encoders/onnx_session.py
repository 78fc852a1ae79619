"""An ONNX model as a function from arrays to arrays, run by ONNX Runtime on the CPU.

A session uses one thread and no thread pool: many of them run side by side, one in each process
that decodes pictures. Importing ONNX Runtime takes a fifth of a second and a tenth of the memory of
torch, so that a query by a new picture stays cheap.

ONNX Runtime has telemetry: from version 1.32 on its import alone writes an identifier of the device
and a database to the user's cache folder. Invariant: it is imported by `onnx_runtime` only, which
forbids that first.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import EncoderError

# ONNX Runtime prints errors itself from this level on: fatal ones only, the others are raised.
_FATAL = 4


@dataclass(frozen=True)
class Port:
    """An input or output of a model.

    Attributes:
        name: in the model.
        type: of its elements, in ONNX Runtime's words: "tensor(float)", "tensor(uint8)".
        shape: an int for a fixed axis, a text or None for a free one.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class OnnxSession:
    """A model with one input that is called, of whose outputs the first is returned.

    Attributes:
        input: the input.
        output: the first output.
        outputs: all of them, by name.
    """

    def __init__(self, model: bytes | Path, threads: int = 1) -> None:
        """Open a model.

        Args:
            model: the bytes of an ONNX file, or its path (of one with external data, too).
            threads: that compute one call.

        Raises:
            EncoderError: it is damaged, or needs what this ONNX Runtime does not have, or has more
                than one input.
        """
        self._named = "an ONNX model" if isinstance(model, bytes) else str(model)
        self._session = _opened(model, self._named, threads)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise EncoderError(
                f"{self._named} has {len(inputs)} inputs ({', '.join(i.name for i in inputs)}): "
                "export a model with one input, the pixels"
            )
        self.input = _port(inputs[0])
        self.outputs = {port.name: port for port in map(_port, self._session.get_outputs())}
        self.output = next(iter(self.outputs.values()))

    def run(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the first output of one call.

        Raises:
            EncoderError: the values do not fit the input, or the computation failed.
        """
        return self.outputs_of(values, [self.output.name])[0]

    def outputs_of(self, values: NDArray[Any], names: Sequence[str]) -> list[NDArray[Any]]:
        """Return some outputs of one call, by name.

        Raises:
            EncoderError: the values do not fit the input, or the computation failed.
        """
        try:
            found = self._session.run(list(names), {self.input.name: values})
        # ONNX Runtime raises classes of its own, which share no base of their own.
        except Exception as error:
            raise EncoderError(f"{self._named} failed: {_first_line(error)}") from error
        return [np.asarray(output) for output in found]


def onnx_runtime() -> Any:
    """Return the module `onnxruntime`, which writes and sends no telemetry.

    Where other code of the process has imported it before, only sending is prevented.
    """
    # Read by the native library while it is loaded; calling a function comes too late for that.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    # For versions that do not know the variable.
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _opened(model: bytes | Path, named: str, threads: int) -> Any:
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # see `run`
        raise EncoderError(f"{named} cannot be opened: {_first_line(error)}") from error


def _port(found: Any) -> Port:
    return Port(found.name, found.type, tuple(found.shape))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
