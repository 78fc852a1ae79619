"""The options of an indexing run and its summary.

This module imports neither numpy nor torch: the command line takes its defaults from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.errors import WrongValueError
from imgrec.pictures.preview_size import LEAST_PREVIEW_PX, MOST_PREVIEW_PX
from imgrec.sources.rules import Rules
from imgrec.system.argument_types import (
    NUMBER,
    PATH_OBJECT_OR_NONE,
    SWITCH,
    SWITCH_OR_NONE,
    TEXT,
    TEXT_OR_NONE,
    TEXTS,
    WHOLE,
    WHOLE_OR_NONE,
    Kind,
    check_type,
    check_types,
)

if TYPE_CHECKING:
    from imgrec.encoders.device import Compile

_RULES = ("take", "exclude", "include")
_COMPILE = ("auto", "on", "off")
_PATH = Kind((Path,), "a Path")
_KINDS = {
    **dict.fromkeys(("encoders", "take", "exclude", "include", "forget"), TEXTS),
    **dict.fromkeys(("only", "retry_failed", "hnsw", "quiet"), SWITCH),
    **dict.fromkeys(("bins", "previews", "workers"), WHOLE_OR_NONE),
    **dict.fromkeys(("batch_size", "part_rows"), WHOLE),
    **dict.fromkeys(("device", "compile"), TEXT),
    "weights": PATH_OBJECT_OR_NONE,
    "vectors": Kind((Mapping,), "a mapping of names to Paths"),
    "follow_links": SWITCH_OR_NONE,
    "reread": TEXT_OR_NONE,
    "timeout_s": NUMBER,
}
# Of a new store; the first is its default. Neighbors are better by both than by either.
DEFAULT_ENCODERS = ("lite0", "mini")
# Rows of a part: the work that is lost when a run is killed, and the memory that a job takes.
PART_ROWS = 1024
# Time limit in seconds to decode one picture; enough for some hundred megapixels.
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class IndexOptions:
    """Options of an indexing run.

    Attributes:
        encoders: names; the first becomes the store's default, but for `mini` in a store of
            `lite0`, where both are compared. Empty: all encoders of the store, or
            `DEFAULT_ENCODERS` if the store is new or `only` replaces its collection.
        weights: a file with a state dict for the encoder that takes one, or the ONNX file.
        vectors: files of vectors that were made elsewhere, by name of the feature, see
            `imgrec.indexing.vector_file`.
        device: `auto`, or a torch device name.
        bins: bins per channel of the `rgb` histogram; None: those of the store, 256 if it is new.
        batch_size: pictures per task of a worker and per forward pass.
        workers: processes that decode, 0 for none; None: one per core.
        only: leave the pictures of all other folders in the store out of the collection.
        follow_links: index what symbolic links lead to outside the folders, see
            `imgrec.sources.walk`; None: as in the run before, False if the store is new.
        take: kinds of files that are taken though they are left out by default, added to those
            of the run before, see `imgrec.sources.rules`.
        exclude: globs of what is left out, added to those of the run before.
        include: globs of exceptions, added to those of the run before.
        previews: longer side in pixels of the previews that are made and kept for the pages, see
            `imgrec.store.previews`; 0 for none; None: as in the run before, none if the store is
            new.
        forget: which of `take`, `exclude` and `include` of the run before do not count any more.
        retry_failed: read the pictures again that failed before.
        reread: compare the content of the known files that fit this pattern with the catalog,
            whatever their size and time, see `imgrec.collection.reread`; None for none.
        hnsw: build the HNSW graph index, which is faster from about a million pictures.
        compile: compile torchvision models on the CPU, which needs a C++ compiler: `auto` if
            there are enough pictures to gain from it, `on`, `off`.
        part_rows: pictures per part, at most.
        timeout_s: time limit in seconds to decode one picture; not enforced without workers.
        quiet: show no progress bar.
    """

    encoders: tuple[str, ...] = ()
    weights: Path | None = None
    vectors: Mapping[str, Path] = field(default_factory=dict)
    device: str = "auto"
    bins: int | None = None
    batch_size: int = 32
    workers: int | None = None
    only: bool = False
    follow_links: bool | None = None
    take: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    previews: int | None = None
    retry_failed: bool = False
    reread: str | None = None
    hnsw: bool = False
    compile: Compile = "auto"
    part_rows: int = PART_ROWS
    timeout_s: float = TIMEOUT_S
    quiet: bool = True

    def __post_init__(self) -> None:
        """Check the numbers and rules, before anything is read or written.

        Raises:
            WrongTypeError: an option has another type.
            WrongValueError: a number is out of range; or `take`, `exclude`, `include`, `forget` or
                `compile` has a wrong value.
        """
        check_types(self, _KINDS)
        Rules(frozenset(self.take), self.exclude, self.include)
        for setting in self.forget:
            if setting not in _RULES:
                raise WrongValueError(f"forget has {setting!r}: name some of {', '.join(_RULES)}")
        for name, file in self.vectors.items():
            check_type(f"vectors[{name!r}]", file, _PATH)
        least = {"batch_size": 1, "part_rows": 1, "bins": 1, "workers": 0}
        for name, number in least.items():
            value = getattr(self, name)
            if value is not None and value < number:
                raise WrongValueError(f"{name} is {value}: give a number from {number} on")
        if self.previews and not LEAST_PREVIEW_PX <= self.previews <= MOST_PREVIEW_PX:
            raise WrongValueError(
                f"previews is {self.previews}: give a number of pixels from {LEAST_PREVIEW_PX} to "
                f"{MOST_PREVIEW_PX}, or 0 for none"
            )
        if self.compile not in _COMPILE:
            raise WrongValueError(f"compile is {self.compile!r}: give auto, on or off")
        if self.timeout_s <= 0:
            raise WrongValueError(f"timeout_s is {self.timeout_s}: give a number above 0")


@dataclass
class Summary:
    """What a run did, and what the store holds after it.

    Attributes:
        counts: number of pictures by status.
        failures: number of failed pictures by reason, the most frequent first.
        formats: number of ok pictures by file format, the most frequent first.
        features: dimensions by name of the feature.
        compared: the feature or relation that is compared where none is named.
        compared_before: the same before the run; None in a new store.
        hint: a line about what the store could have beside what it has; empty in most cases.
        indexes: a line about each search index.
        vectors: a line about each file of vectors that were made elsewhere.
        new: pictures that got a new id, those with changed content (`changed`) among them.
        moved: pictures found at another path; they keep id and vectors.
        returned: pictures that were missing or left out and are back at their path.
        gone: pictures that became missing in this run.
        left_out: pictures whose files do not belong to the collection since this run.
        compared_again: pictures whose content was to be compared again.
        done: pictures read in this run.
        unread: pictures that could not be read for lack of memory; the next run tries again.
        skipped: lines about files and folders that are not taken.
        warnings: messages for the user, a line each.
        elapsed_s: wall time of the run, `reading_s` of it to read and encode pictures.
        decode_s: time of all workers to read and decode, `busy_s` all their time.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    compared: str | None = None
    compared_before: str | None = None
    hint: str = ""
    indexes: list[str] = field(default_factory=list)
    vectors: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    moved: int = 0
    returned: int = 0
    gone: int = 0
    left_out: int = 0
    compared_again: int = 0
    done: int = 0
    unread: int = 0
    skipped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0
    reading_s: float = 0.0
    decode_s: float = 0.0
    busy_s: float = 0.0
