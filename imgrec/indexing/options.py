"""How to index, and what a run did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgrec.encoders.device import Compile

DEFAULT_ENCODER = "resnet50"
# Rows of a part: the work that is lost when a run is killed, and the memory that a job takes.
PART_ROWS = 1024
# Time limit in seconds to decode one picture; enough for some hundred megapixels.
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class IndexOptions:
    """How to index.

    Attributes:
        encoders: names, the one asked about first; none for all that the store has, or
            `resnet50` in a new one and where `only` brings in another collection.
        weights: a state dict for the torchvision encoder.
        device: `auto`, or a torch device name.
        bins: of `rgb`, for each channel; None for those of the store, or 256 in a new one.
        batch_size: pictures a task and a forward pass.
        workers: processes that decode; None for one a core.
        only: make the pictures of all other folders in the store missing.
        follow_links: take in what links lead to outside the folders, see
            `imgrec.sources.walk`; None for as the store was made before, or no in a new one.
        retry_failed: read the pictures again that failed before.
        hnsw: make the graph index, which pays from about a million pictures on.
        compile: torchvision models by the C++ compiler, on the CPU: `auto` where the pictures
            are enough to pay for it, `on`, `off`.
        part_rows: pictures of a part, at most.
        timeout_s: time limit in seconds to decode one picture, where there are workers.
        quiet: no progress bar.
    """

    encoders: tuple[str, ...] = ()
    weights: Path | None = None
    device: str = "auto"
    bins: int | None = None
    batch_size: int = 32
    workers: int | None = None
    only: bool = False
    follow_links: bool | None = None
    retry_failed: bool = False
    hnsw: bool = False
    compile: Compile = "auto"
    part_rows: int = PART_ROWS
    timeout_s: float = TIMEOUT_S
    quiet: bool = True


@dataclass
class Summary:
    """What a run did and what the store holds after it.

    Attributes:
        counts: pictures by status.
        failures: failed pictures by reason, the most frequent first.
        formats: ok pictures by file format, the most frequent first.
        features: dimensions by name.
        indexes: one line each on what is kept to search them.
        new: pictures met for the first time, or again with other content (`changed`).
        moved: pictures found at another place, their vectors kept.
        gone: pictures that are missing since this run.
        done: pictures read in this run.
        warnings: one line each for the user.
        elapsed_s: seconds of the run; `reading_s` of these while pictures were read.
        decode_s: seconds of the workers spent reading and decoding, `busy_s` in all.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    done: int = 0
    warnings: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0
    reading_s: float = 0.0
    decode_s: float = 0.0
    busy_s: float = 0.0
