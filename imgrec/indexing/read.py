"""One pass over some pictures: each is read and decoded once, and everything is made from that.

Digest, size, metadata, measures, thumbnail, preview, color word, the vectors and classes of light
encoders and the pixels for the heavy ones come from the same bytes, decoded once. `extract` runs in
a worker process: a `Task` holds only strings and specs, and the worker reconstructs sources and
encoders from them.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np

from imgrec.collection import Ids, Outcome
from imgrec.collection.rows import detail_of
from imgrec.encoders import matching_encoder
from imgrec.encoders.spec import Encoder, EncoderSpec, Vectors
from imgrec.errors import MemoryShortageError, PictureError
from imgrec.indexing.blame import Attempt, attempt, encode_with, joined_faults
from imgrec.indexing.read_ahead import File, Read, reads
from imgrec.pictures.color_word import color_of
from imgrec.pictures.compiled import expect
from imgrec.pictures.decoding import Picture, Scales, decode, digest
from imgrec.pictures.measures import measures_of
from imgrec.pictures.metadata import metadata_of
from imgrec.pictures.metadata_names import Datum
from imgrec.pictures.preprocessing import Pixels, Preprocessing
from imgrec.pictures.scaling import THUMB_PX, jpeg_of, webp_of
from imgrec.store.classes import Top, top_classes
from imgrec.system.threads import one_blas_thread
from imgrec.system.worker import beat

# Time limit in seconds for the disk or network to deliver the bytes of one picture.
READ_S = 60.0


@dataclass(frozen=True)
class Task:
    """Some pictures and what to make of them; small, because it is sent to a worker process.

    Attributes:
        files: the pictures, see `imgrec.indexing.read_ahead.File`.
        thumbs: whether thumbnails are wanted.
        light: the encoders that run in the worker.
        heavy: the preprocessing of the encoders that run elsewhere, on `Readings.pixels`.
        timeout_s: time limit in seconds to decode one picture.
        preview_px: longer side of the previews that are wanted, in pixels; 0 for none.
        share: about how many pictures of the run each process reads; 0 if that is not known.
    """

    files: tuple[File, ...]
    thumbs: bool
    light: tuple[EncoderSpec, ...]
    heavy: tuple[Preprocessing, ...]
    timeout_s: float
    preview_px: int = 0
    share: int = 0


@dataclass(frozen=True)
class Step:
    """What a worker is about to do with a picture, and how the picture fails if it takes too long.

    Attributes:
        image_id: of the picture.
        reason: the failure code then, one of `imgrec.pictures.decoding.REASONS`.
        within_s: time limit in seconds.
    """

    image_id: int
    reason: str
    within_s: float


@dataclass
class Readings:
    """The results of a task.

    Attributes:
        outcomes: one for each picture, in the order of the task.
        ids: (m,) int64, the pictures that could be read, which are the rows of all that follows.
        thumbs: m JPEGs, or none if they were not asked for.
        colors: m color words, one for each thumbnail.
        vectors: {name of the light encoder: (m, d) float32}.
        tops: {name of the light encoder: the most probable classes}, of those that have classes.
        previews: m WebPs, or none if they were not asked for.
        pixels: {preprocessing: (m, h, w, 3) uint8}.
        decode_s: seconds spent on reading and decoding.
        busy_s: seconds spent in total.
    """

    outcomes: list[Outcome]
    ids: Ids
    thumbs: list[bytes]
    colors: list[str]
    vectors: dict[str, Vectors]
    pixels: dict[Preprocessing, Pixels]
    tops: dict[str, Top] = field(default_factory=dict)
    previews: list[bytes] = field(default_factory=list)
    decode_s: float = 0.0
    busy_s: float = 0.0

    def without(self, faults: Mapping[int, str]) -> "Readings":
        """Return the readings with some rows removed, whose pictures have failed.

        Args:
            faults: {row: message} of the pictures that an encoder failed on.
        """
        if not faults:
            return self
        told = {int(self.ids[row]): detail_of(message) for row, message in faults.items()}
        outcomes = [
            Outcome(o.id, "failed", o.digest, reason="not-encoded", detail=told[o.id])
            if o.id in told
            else o
            for o in self.outcomes
        ]
        rows = [row for row in range(len(self.ids)) if row not in faults]
        return replace(
            self,
            outcomes=outcomes,
            ids=self.ids[rows],
            thumbs=[self.thumbs[row] for row in rows if self.thumbs],
            previews=[self.previews[row] for row in rows if self.previews],
            colors=[self.colors[row] for row in rows if self.colors],
            vectors={name: vectors[rows] for name, vectors in self.vectors.items()},
            pixels={key: pixels[rows] for key, pixels in self.pixels.items()},
            tops={
                name: Top(top.indices[rows], top.probabilities[rows])
                for name, top in self.tops.items()
            },
        )


@dataclass
class _Gathered:
    outcomes: list[Outcome] = field(default_factory=list)
    thumbs: list[bytes] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    colors: list[str] = field(default_factory=list)
    pixels: dict[Preprocessing, list[Pixels]] = field(default_factory=dict)
    decode_s: float = 0.0


def extract(task: Task) -> Readings:
    """Return the readings of a task; a picture that fails does not affect the others."""
    with one_blas_thread():
        return _extracted(task)


def _extracted(task: Task) -> Readings:
    started = time.perf_counter()
    expect(len(task.files), task.share)
    encoders = {spec.name: _encoder(spec) for spec in task.light}
    wanted = {*task.heavy, *(encoder.spec.preprocessing for encoder in encoders.values())}
    gathered = _Gathered(pixels={preprocessing: [] for preprocessing in wanted})
    with closing(reads(task.files)) as ahead:
        for (image_id, *_), read in zip(task.files, ahead, strict=True):
            _extract_file(gathered, image_id, read, task)
    beat(None, None)
    pixels = {key: _stacked(values, key) for key, values in gathered.pixels.items()}
    found = {
        name: _attempt(encoder, pixels[encoder.spec.preprocessing])
        for name, encoder in encoders.items()
    }
    made = Readings(
        outcomes=gathered.outcomes,
        ids=np.array([o.id for o in gathered.outcomes if o.status == "ok"], np.int64),
        thumbs=gathered.thumbs,
        colors=gathered.colors,
        vectors={name: attempted.encoded.vectors for name, attempted in found.items()},
        pixels={key: pixels[key] for key in task.heavy},
        # While the vectors are in the cache.
        tops={
            name: top_classes(attempted.encoded.scores)
            for name, attempted in found.items()
            if attempted.encoded.scores is not None
        },
        previews=gathered.previews,
        decode_s=gathered.decode_s,
        busy_s=time.perf_counter() - started,
    )
    return made.without(joined_faults(found.values()))


def failed(task: Task, reason: str | None, message: str) -> Readings:
    """Return the readings of a task in which every picture failed for one reason.

    Args:
        task: none of whose pictures was read.
        reason: the failure code; None if nothing was learned about the files (`Outcome`).
        message: what happened.
    """
    status, detail = "failed" if reason else "new", detail_of(message)
    outcomes = [
        Outcome(image_id, status, reason=reason, detail=detail) for image_id, *_ in task.files
    ]
    return Readings(
        outcomes,
        np.zeros(0, np.int64),
        [],
        [],
        {spec.name: np.zeros((0, spec.dimensions), np.float32) for spec in task.light},
        {key: _stacked([], key) for key in task.heavy},
    )


def _extract_file(gathered: _Gathered, image_id: int, read: Read, task: Task) -> None:
    started = time.perf_counter()
    content = None
    try:
        _begin(Step(image_id, "unreadable", READ_S))
        data = read()
        _begin(Step(image_id, "timeout", task.timeout_s))
        content = digest(data)
        picture = decode(data, need_px=_need_px(list(gathered.pixels), task.preview_px))
        gathered.decode_s += time.perf_counter() - started
        scales = Scales(picture.image)
        made = [scales.pixels_for(preprocessing) for preprocessing in gathered.pixels]
        small = scales.fitted(THUMB_PX)
        thumbs = [jpeg_of(small)] if task.thumbs else []
        previews = [webp_of(scales.fitted(task.preview_px))] if task.preview_px else []
        colors = [color_of(thumb) for thumb in thumbs]
        said = metadata_of(data)
        size = picture.width, picture.height
        measures = measures_of(picture.image, small, size, said)
        outcome = _ok(image_id, content, picture, (*said, *measures))
    # Whatever is wrong with one file, its message is kept and the others are read.
    except Exception as error:
        gathered.outcomes.append(_failed(image_id, content, error))
        return
    # Only now: a picture has a row in each list, or in none.
    gathered.outcomes.append(outcome)
    for rows, pixels in zip(gathered.pixels.values(), made, strict=True):
        rows.append(pixels)
    gathered.thumbs += thumbs
    gathered.previews += previews
    gathered.colors += colors


def _begin(step: Step) -> None:
    beat(step, step.within_s)


def _failed(image_id: int, content: str | None, error: Exception) -> Outcome:
    if isinstance(error, MemoryError | MemoryShortageError):
        # The picture is within the limits: this says nothing about it.
        detail = detail_of(f"not enough memory: {error}")
        return Outcome(image_id, "new", detail=detail)
    reason, told = "damaged", f"{type(error).__name__}: {error}"
    if isinstance(error, PictureError):
        reason, told = error.reason, str(error)
    return Outcome(image_id, "failed", content, reason=reason, detail=detail_of(told))


def _ok(image_id: int, content: str, picture: Picture, metadata: tuple[Datum, ...]) -> Outcome:
    return Outcome(
        image_id,
        "ok",
        content,
        picture.width,
        picture.height,
        picture.format,
        detail=detail_of(picture.warning),
        metadata=metadata,
    )


def _need_px(wanted: Sequence[Preprocessing], preview_px: int) -> int:
    # The shorter side of what is decoded is at least twice that, the longer one of a preview once.
    return max((*(preprocessing.resize_px for preprocessing in wanted), preview_px // 2, 1))


def _stacked(rows: list[Pixels], preprocessing: Preprocessing) -> Pixels:
    side = preprocessing.crop_px
    return np.stack(rows) if rows else np.zeros((0, side, side, 3), np.uint8)


def _attempt(encoder: Encoder, pixels: Pixels) -> Attempt:
    encode = partial(encode_with, encoder)
    if not len(pixels):
        return Attempt(encode(pixels))
    return attempt(encoder.spec.name, partial(encode, pixels), encode, pixels)


@lru_cache(maxsize=8)
def _encoder(spec: EncoderSpec) -> Encoder:
    return matching_encoder(spec)
