"""From a store to a logdir that TensorBoard's projector opens."""

from dataclasses import dataclass
from pathlib import Path

from imgrec.files import new_folder
from imgrec.projection import sample_ids
from imgrec.store import Store
from projector.config import CONFIG_NAME, HEADER, config_text
from projector.errors import ProjectorError
from projector.reduce import reduce_feature
from projector.run import RUN_FILES, write_run

MAX_POINTS = 100_000  # of a longer tensor the page takes the first rows only
DIMENSIONS = 50


@dataclass(frozen=True)
class Export:
    """What a logdir holds.

    Attributes:
        logdir: its absolute path.
        encoder: the feature whose vectors it shows.
        points: the pictures in it.
        pictures: those in the store with a vector, `points` or more.
        columns: of the tensor.
        variance_kept: share of the vectors' variance in these columns, 0 to 1.
        cell_px: side of a thumbnail in the sprite.
    """

    logdir: Path
    encoder: str
    points: int
    pictures: int
    columns: int
    variance_kept: float
    cell_px: int


def write_logdir(
    store: Store,
    out: Path | str,
    encoder: str | None = None,
    dimensions: int = DIMENSIONS,
    seed: int = 0,
    *,
    quiet: bool = True,
) -> Export:
    """Write the logdir of a store; an older one in its place is replaced whole or not at all.

    Args:
        store: opened for reading.
        out: the logdir.
        encoder: the feature to show, by default the store's own.
        dimensions: principal components kept, at most.
        seed: of the sample where there are more than `MAX_POINTS` pictures, and of the axes.
        quiet: no progress bar.

    Raises:
        StoreError: the store has no such feature or is damaged.
        ProjectorError: fewer than two pictures, or `out` holds anything else than a logdir.
    """
    out = Path(out).resolve()
    check_replaceable(out)
    feature = store.feature(encoder)
    if len(feature) < 2:
        raise ProjectorError(_too_few(store.path, len(feature)))
    ids = sample_ids(feature.ids, MAX_POINTS, seed)
    reduction = reduce_feature(feature, ids, dimensions, seed)
    with new_folder(out) as folder:
        embedding = write_run(folder, feature.name, store, ids, reduction, quiet=quiet)
        (folder / CONFIG_NAME).write_text(config_text([embedding]), "utf-8", newline="\n")
        check_replaceable(out)  # again: there was time to put something there
    return Export(
        out, feature.name, len(ids), len(feature),
        embedding.columns, reduction.variance_kept, embedding.cell_px,
    )  # fmt: skip


def check_replaceable(out: Path) -> None:
    """Raise ProjectorError unless a folder is absent, empty or a logdir made here and no more."""
    foreign = _foreign(out)
    if foreign is not None:
        raise ProjectorError(
            f"{out} holds something else than the files of this command, {foreign}: "
            "move it away or name another place"
        )


def _foreign(out: Path) -> str | None:
    """Return the name of something at `out` that no logdir made here has, if there is any."""
    if not out.is_dir():
        return out.name if out.exists() else None
    config = out / CONFIG_NAME
    made_here = config.is_file() and config.read_bytes().startswith(HEADER.encode())
    ours = {CONFIG_NAME, *RUN_FILES} if made_here else set()
    entries = sorted(out.iterdir())
    return next((e.name for e in entries if e.name not in ours or not e.is_file()), None)


def _too_few(store: Path, count: int) -> str:
    has = f"only {count} readable picture" if count else "no readable pictures"
    return (
        f"{store} has {has}, the projector shows 2 or more: "
        "run python -m imgrec.index with a folder that holds more"
    )
