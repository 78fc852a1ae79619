"""`onnx:FILE`: any network that was exported to ONNX, run by ONNX Runtime on the CPU.

A JSON file beside it (`imgrec.encoders.onnx_description`) says how pictures are prepared. The
feature is called `onnx:` and the name of the file without its folder, because a store holds no path
of a machine; `--weights FILE` says where the file is where a later run does not find it. The digest
that is kept with the vectors is one of the file, of all files of weights that it names, and of what
decides its input.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.classifier import Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.onnx_description import Description, read_description
from imgrec.encoders.onnx_external import external_files
from imgrec.encoders.onnx_session import OnnxSession
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors, check_histograms
from imgrec.errors import EncoderError, cause_of
from imgrec.pictures.preprocessing import Pixels

PREFIX = "onnx:"
_FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_BYTES = "tensor(uint8)"


class OnnxModel:
    """A model as a function from pixels to its outputs."""

    def __init__(self, session: OnnxSession, described: Description) -> None:
        """Check that a model takes and gives what its description says.

        Args:
            session: of the model.
            described: its preprocessing and its names.

        Raises:
            EncoderError: it does not.
        """
        self._session, self._described = session, described
        port, side = session.input, described.preprocessing.crop_px
        if described.input not in (None, port.name):
            raise EncoderError(f"it has no input {described.input!r}: its input is {port.name!r}")
        wanted = (3, side, side) if described.layout == "nchw" else (side, side, 3)
        fits = len(port.shape) == 4 and all(
            not isinstance(size, int) or size == of
            for size, of in zip(port.shape[1:], wanted, strict=True)
        )
        if not fits or port.type not in (*_FLOATS, _BYTES):
            raise EncoderError(
                f"it takes {port.type} of shape {list(port.shape)}, and its description says "
                f"{described.layout} and crop {side}: correct the description, or export a model "
                "that takes floats or bytes of four dimensions"
            )
        if port.type == _BYTES and (described.mean, described.std) != _IDENTITY:
            raise EncoderError("it takes bytes, which are not normalized: leave mean and std out")
        self._names = [described.output or session.output.name]
        self._names += [described.scores] if described.scores else []
        absent = [name for name in self._names if name not in session.outputs]
        if absent:
            raise EncoderError(
                f"it has no output {absent[0]!r}: its outputs are {', '.join(session.outputs)}"
            )

    def __call__(self, pixels: Pixels) -> list[Vectors]:
        """Return vectors (b, d), and scores (b, C) if there are any, of pixels (b, h, w, 3).

        Raises:
            EncoderError: the model failed, or gave no vector a picture.
        """
        count, fixed = len(pixels), self._session.input.shape[0]
        step = fixed if isinstance(fixed, int) and fixed > 0 else max(count, 1)
        prepared = self._prepared(pixels)
        found = [
            self._rows(prepared[start : start + step], step) for start in range(0, count, step)
        ]
        return [np.concatenate(rows) for rows in zip(*found, strict=True)]

    def _rows(self, batch: NDArray[Any], step: int) -> list[Vectors]:
        """Return the outputs of one call, whose batch is padded to the size the model takes."""
        count = len(batch)
        if count < step:
            batch = np.concatenate([batch, np.zeros((step - count, *batch.shape[1:]), batch.dtype)])
        rows, found = [], self._session.outputs_of(batch, self._names)
        for name, values in zip(self._names, found, strict=True):
            if values.ndim < 2 or len(values) != step or values.size != step * values.shape[1]:
                raise EncoderError(
                    f"its output {name!r} is of shape {list(values.shape)} for {step} pictures: "
                    "name one that gives a vector a picture"
                )
            rows.append(values.reshape(step, -1)[:count].astype(np.float32))
        return rows

    def _prepared(self, pixels: Pixels) -> NDArray[Any]:
        described, kind = self._described, self._session.input.type
        batch: NDArray[Any] = pixels[..., ::-1] if described.color == "bgr" else pixels
        if kind != _BYTES:
            mean, std = (np.array(x, np.float32) for x in (described.mean, described.std))
            batch = ((batch.astype(np.float32) / 255 - mean) / std).astype(_FLOATS[kind])
        if described.layout == "nchw":
            batch = batch.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(batch)


_IDENTITY = (Description.mean, Description.std)


class OnnxEncoder:
    """An ONNX file as an `Encoder` that the main process runs."""

    def __init__(self, spec: EncoderSpec, model: OnnxModel) -> None:
        self._spec = spec
        self._model = model

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the vectors (b, d) of pixels (b, crop_px, crop_px, 3).

        Raises:
            EncoderError: the model failed, or gave no histograms where its description says so.
        """
        if not len(pixels):
            return np.zeros((0, self._spec.dimensions), np.float32)
        return self._outputs(pixels)[0]

    def _outputs(self, pixels: Pixels) -> list[Vectors]:
        found = self._model(pixels)
        if self._spec.kind == "histogram":
            check_histograms(self._spec.name, found[0])
        return found


class OnnxClassifier(OnnxEncoder):
    """An ONNX file with scores of classes as a `DeviceEncoder` and a `Classifier`."""

    ahead = 0
    # The model gives them beside the vectors, by whatever layers.
    classifies_vectors = False

    def __init__(self, spec: EncoderSpec, model: OnnxModel, categories: tuple[str, ...]) -> None:
        super().__init__(spec, model)
        self.categories = categories

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Do nothing: ONNX Runtime has optimized the model when it was opened."""
        return ""

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        """Compute a batch (b, crop_px, crop_px, 3); return a function that gives its result.

        Raises:
            EncoderError: as of `encode`.
        """
        vectors, scores = self._outputs(pixels)
        encoded = Encoded(vectors, scores)
        return lambda: encoded

    def scores(self, vectors: Vectors) -> Scores:
        """Raise: the scores are no function of the vectors, see `classifies_vectors`."""
        raise NotImplementedError(f"{self.spec.name} gives scores with its vectors only")


def load(name: str, options: LoadOptions) -> OnnxEncoder:
    """Return the encoder of an ONNX file; an `OnnxClassifier` if its description names classes.

    Args:
        name: `onnx:FILE`.
        options: `weights` is the file, if it is not at FILE.

    Raises:
        EncoderError: the file or its description is absent or damaged, or they do not fit.
    """
    file = options.weights or Path(name.removeprefix(PREFIX))
    if not file.is_file():
        raise EncoderError(
            f"{name}: there is no file {file}: name the ONNX file as --encoder {PREFIX}FILE, or "
            "for a feature of the store by --weights FILE"
        )
    described = read_description(file)
    external = external_files(file)
    session = OnnxSession(file, threads=os.cpu_count() or 1)
    try:
        model = OnnxModel(session, described)
        side = described.preprocessing.crop_px
        vectors, *scores = model(np.zeros((1, side, side, 3), np.uint8))
        if scores and scores[0].shape[1] != len(described.labels):
            raise EncoderError(
                f"it scores {scores[0].shape[1]} classes, and {len(described.labels)} labels are "
                "named: name each"
            )
    except EncoderError as error:
        raise EncoderError(f"{file}: {error}") from error
    spec = EncoderSpec(
        name=PREFIX + file.name,
        dimensions=vectors.shape[1],
        preprocessing=described.preprocessing,
        kind=described.kind,
        weights=file.name,
        weights_digest=_digest([file, *external], described),
        in_worker=False,
    )
    return OnnxClassifier(spec, model, described.labels) if scores else OnnxEncoder(spec, model)


def _digest(files: Sequence[Path], described: Description) -> str:
    """Return the digest of a model, of its external weights, and of what decides its vectors.

    Raises:
        EncoderError: a file cannot be read.
    """
    deciding = {k: v for k, v in asdict(described).items() if k not in ("scores", "labels")}
    found = hashlib.blake2b(json.dumps(deciding, sort_keys=True).encode(), digest_size=16)
    for file in files:
        try:
            with file.open("rb") as opened:
                found.update(hashlib.file_digest(opened, hashlib.blake2b).digest())
        except OSError as error:
            raise EncoderError(
                f"{file} cannot be read ({cause_of(error)}): export the model again"
            ) from error
    return found.hexdigest()
