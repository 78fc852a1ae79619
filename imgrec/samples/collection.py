"""Write a sample collection into a folder: idempotent, resumable, in worker processes.

A manifest records what the bytes depend on (seed, size, renderer version). Existing pictures of
the same manifest are kept; those of another are deleted and rendered again. Invariant: only files
with the path of a sample are ever deleted, and a folder without a manifest must be empty.
"""

from __future__ import annotations

import io
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.samples.render import FAMILIES, RENDERER_VERSION, family_of, render_sample
from imgrec.system.atomic_files import TEMPORARY_PREFIX, write_text
from imgrec.system.interrupts import interrupted_once
from imgrec.system.progress import progress
from imgrec.system.workers import in_order

MANIFEST_NAME = "samples.json"
MIN_SIZE_PX, MAX_SIZE_PX = 32, 4096
JPEG_QUALITY = 90
# Pictures in a job of a worker.
CHUNK = 24

# One picture in 37 is a PNG; coprime to the number of families, so that every family has some.
PNG_EVERY, PNG_PHASE = 37, 5


@dataclass(frozen=True)
class SampleManifest:
    """Everything that the bytes of the pictures in a folder depend on; stored beside them."""

    seed: int
    size_px: int
    renderer: int = RENDERER_VERSION


@dataclass(frozen=True)
class _Job:
    folder: Path
    manifest: SampleManifest
    indices: tuple[int, ...]


def sample_path(index: int) -> Path:
    """Return the path of a picture, relative to the folder of its collection."""
    family = family_of(index)
    suffix = "png" if index % PNG_EVERY == PNG_PHASE else "jpg"
    return Path(family, f"{family}-{index:06d}.{suffix}")


def write_samples(
    folder: str | os.PathLike[str],
    count: int,
    seed: int = 0,
    size_px: int = 256,
    workers: int | None = None,
    quiet: bool = True,
) -> int:
    """Render the first `count` pictures of a collection into a folder, except those that exist.

    In a folder of another seed, size or renderer version, all are rendered again. Pictures beyond
    `count` are kept.

    Args:
        folder: absent, empty, or written by this function before.
        count: number of pictures the folder holds afterwards, at least.
        seed: of the collection.
        size_px: average long side of a picture.
        workers: number of processes; by default one for each CPU. The pictures do not depend on it.
        quiet: show no progress bar.

    Returns:
        The number of pictures written.

    Raises:
        ImgrecError: an argument is out of range, or the folder holds other files.
        OSError: the folder cannot be written.
    """
    workers = (os.cpu_count() or 1) if workers is None else workers
    _check(count, seed, size_px, workers)
    root, manifest = Path(folder), SampleManifest(seed, size_px)
    _open_folder(root, manifest)
    missing = [i for i in range(count) if not _is_complete(root / sample_path(i))]
    for family in {family_of(i) for i in missing}:
        (root / family).mkdir(exist_ok=True)
    chunks = (missing[i : i + CHUNK] for i in range(0, len(missing), CHUNK))
    jobs = [_Job(root, manifest, tuple(chunk)) for chunk in chunks]
    bar = progress("rendering samples", total=len(missing), unit="pictures", quiet=quiet)
    processes = min(workers, len(jobs))
    with bar, interrupted_once():
        for written in in_order(_write_chunk, jobs, processes if processes > 1 else 0):
            bar.update(written)
    return len(missing)


def _check(count: int, seed: int, size_px: int, workers: int) -> None:
    if count < 0:
        raise ImgrecError(f"the count is {count}; give 0 or more")
    if seed < 0:
        raise ImgrecError(f"the seed is {seed}; give 0 or more")
    if not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        raise ImgrecError(f"the size is {size_px} px; give {MIN_SIZE_PX} to {MAX_SIZE_PX}")
    if workers < 1:
        raise ImgrecError(f"the number of workers is {workers}; give 1 or more")


def _open_folder(root: Path, manifest: SampleManifest) -> None:
    """Create or check the folder, and delete the samples of another manifest.

    Raises:
        ImgrecError: it is a file, holds files but no manifest of samples, or links out of it.
    """
    if root.exists() and not root.is_dir():
        raise ImgrecError(f"{root} is a file; name a folder for the pictures")
    root.mkdir(parents=True, exist_ok=True)
    link = next((f for family in FAMILIES if (f := root / family).is_symlink()), None)
    if link is not None:
        raise ImgrecError(f"{link} is a link out of the folder; name another folder")
    found = _read_manifest(root)
    if found == asdict(manifest):
        return
    if found is None and any(not e.name.startswith(TEMPORARY_PREFIX) for e in root.iterdir()):
        raise ImgrecError(
            f"{root} holds other files and no {MANIFEST_NAME}; name a new or empty folder"
        )
    if found is not None:
        _delete_samples(root)
    write_text(root / MANIFEST_NAME, json.dumps(asdict(manifest), indent=2) + "\n")


def _read_manifest(root: Path) -> dict[str, object] | None:
    path = root / MANIFEST_NAME
    if not os.path.lexists(path):
        return None
    try:
        # Opening a named pipe would block, and a link may lead to anything.
        plain = stat.S_ISREG(path.lstat().st_mode)
        found = json.loads(path.read_text("utf-8")) if plain else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "renderer" not in found:
        raise ImgrecError(f"{path} is not a manifest of samples; name another folder")
    return found


def _delete_samples(root: Path) -> None:
    """Delete all files with the path of a sample, and nothing else."""
    for family in FAMILIES:
        for path in (root / family).glob(f"{family}-*"):
            digits = path.stem.rpartition("-")[2]
            if digits.isdecimal() and path == root / sample_path(int(digits)):
                path.unlink()


def _write_chunk(job: _Job) -> int:
    for index in job.indices:
        picture = render_sample(job.manifest.seed, index, job.manifest.size_px)
        path = job.folder / sample_path(index)
        encoded = io.BytesIO()
        if path.suffix == ".png":
            picture.save(encoded, "PNG", compress_level=4)
        else:
            picture.save(encoded, "JPEG", quality=JPEG_QUALITY)
        _write_whole(path, encoded.getvalue())
    return len(job.indices)


def _write_whole(path: Path, data: bytes) -> None:
    # Atomic, but without the fsync of `atomic_files.write_bytes`, which on many disks takes longer
    # than rendering.
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{path.name}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_complete(path: Path) -> bool:
    """Return True if a picture exists and is not empty, as a system crash may leave it."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
