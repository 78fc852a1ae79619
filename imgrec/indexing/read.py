"""One pass over some pictures: each is read and decoded once, and everything is made from that.

Digest, size, thumbnail, color word, the vectors and classes of light encoders and the pixels for
the heavy ones come from the same decoded picture. `extract` runs in a worker process: a `Task`
holds only strings and specs, and the worker reconstructs sources and encoders from them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from imgrec.collection import Ids, Outcome
from imgrec.collection.rows import detail_of
from imgrec.encoders import matching_encoder
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.spec import Encoder, EncoderSpec, Vectors
from imgrec.errors import PictureError
from imgrec.pictures.color_word import color_of
from imgrec.pictures.decoding import Picture, Scales, decode, digest
from imgrec.pictures.preprocessing import Pixels, Preprocessing
from imgrec.sources.opening import source_of
from imgrec.store.classes import Top, top_classes
from imgrec.system.worker import beat

# Time limit in seconds for the disk or network to deliver the bytes of one picture.
READ_S = 60.0


@dataclass(frozen=True)
class Task:
    """Some pictures and what to make of them; small, because it is sent to a worker process.

    Attributes:
        files: (id, description of the source, path within it) of each picture.
        thumbs: whether thumbnails are wanted.
        light: the encoders that run in the worker.
        heavy: the preprocessing of the encoders that run elsewhere, on `Readings.pixels`.
        timeout_s: time limit in seconds to decode one picture.
    """

    files: tuple[tuple[int, str, str], ...]
    thumbs: bool
    light: tuple[EncoderSpec, ...]
    heavy: tuple[Preprocessing, ...]
    timeout_s: float


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
    decode_s: float = 0.0
    busy_s: float = 0.0


@dataclass
class _Gathered:
    outcomes: list[Outcome] = field(default_factory=list)
    thumbs: list[bytes] = field(default_factory=list)
    colors: list[str] = field(default_factory=list)
    pixels: dict[Preprocessing, list[Pixels]] = field(default_factory=dict)
    decode_s: float = 0.0


def extract(task: Task) -> Readings:
    """Return the readings of a task; a picture that fails does not affect the others."""
    started = time.perf_counter()
    encoders = [_encoder(spec) for spec in task.light]
    wanted = {*task.heavy, *(encoder.spec.preprocessing for encoder in encoders)}
    gathered = _Gathered(pixels={preprocessing: [] for preprocessing in wanted})
    for file in task.files:
        _extract_file(gathered, *file, task)
    beat(None, None)
    pixels = {key: _stacked(values, key) for key, values in gathered.pixels.items()}
    vectors = {e.spec.name: e.encode(pixels[e.spec.preprocessing]) for e in encoders}
    return Readings(
        outcomes=gathered.outcomes,
        ids=np.array([o.id for o in gathered.outcomes if o.status == "ok"], np.int64),
        thumbs=gathered.thumbs,
        colors=gathered.colors,
        vectors=vectors,
        pixels={key: pixels[key] for key in task.heavy},
        tops={e.spec.name: _tops(e, vectors) for e in encoders if isinstance(e, Classifier)},
        decode_s=gathered.decode_s,
        busy_s=time.perf_counter() - started,
    )


def failed(task: Task, reason: str, message: str) -> Readings:
    """Return the readings of a task in which every picture failed for one reason."""
    detail = detail_of(message)
    outcomes = [
        Outcome(image_id, "failed", reason=reason, detail=detail) for image_id, *_ in task.files
    ]
    return Readings(
        outcomes,
        np.zeros(0, np.int64),
        [],
        [],
        {spec.name: np.zeros((0, spec.dimensions), np.float32) for spec in task.light},
        {key: _stacked([], key) for key in task.heavy},
    )


def _extract_file(gathered: _Gathered, image_id: int, root: str, path: str, task: Task) -> None:
    started = time.perf_counter()
    content = None
    try:
        _begin(Step(image_id, "unreadable", READ_S))
        data = source_of(root).read(path)
        _begin(Step(image_id, "timeout", task.timeout_s))
        content = digest(data)
        picture = decode(data, need_px=_need_px(list(gathered.pixels)))
        gathered.decode_s += time.perf_counter() - started
        scales = Scales(picture.image)
        made = [scales.pixels_for(preprocessing) for preprocessing in gathered.pixels]
        thumb = scales.thumbnail() if task.thumbs else None
    except (PictureError, MemoryError) as error:
        reason = error.reason if isinstance(error, PictureError) else "too-large"
        detail = detail_of(str(error) or "not enough memory")
        gathered.outcomes.append(Outcome(image_id, "failed", content, reason=reason, detail=detail))
        return
    gathered.outcomes.append(_ok(image_id, content, picture))
    for rows, pixels in zip(gathered.pixels.values(), made, strict=True):
        rows.append(pixels)
    if thumb is not None:
        gathered.thumbs.append(thumb)
        gathered.colors.append(color_of(thumb))


def _begin(step: Step) -> None:
    beat(step, step.within_s)


def _ok(image_id: int, content: str, picture: Picture) -> Outcome:
    return Outcome(
        image_id,
        "ok",
        content,
        picture.width,
        picture.height,
        picture.format,
        detail=detail_of(picture.warning),
    )


def _need_px(wanted: Sequence[Preprocessing]) -> int:
    return max((preprocessing.resize_px for preprocessing in wanted), default=1)


def _stacked(rows: list[Pixels], preprocessing: Preprocessing) -> Pixels:
    side = preprocessing.crop_px
    return np.stack(rows) if rows else np.zeros((0, side, side, 3), np.uint8)


def _tops(classifier: Classifier, vectors: dict[str, Vectors]) -> Top:
    """Return the most probable classes from the vectors, while these are in the cache."""
    return top_classes(classifier.scores(vectors[classifier.spec.name]))


@lru_cache(maxsize=8)
def _encoder(spec: EncoderSpec) -> Encoder:
    return matching_encoder(spec)
