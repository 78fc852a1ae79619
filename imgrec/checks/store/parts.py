"""Check the parts of a store: checksums, ids, finite values, small pictures that decode."""

from pathlib import Path

import numpy as np

from imgrec.checks.findings import Check, Place
from imgrec.collection import Ids
from imgrec.pictures.preview_file import open_preview
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.arrays import load_array, load_ids
from imgrec.store.damage import PICTURE_FILES, Output, digest_problem, part_problem
from imgrec.store.lean_parts import LARGE, has_lean_parts, is_lean
from imgrec.store.paths import CLASSES, CLASSES_DESCRIPTION, FEATURE_DESCRIPTION, FEATURES, THUMBS
from imgrec.store.set_aside import description_problem
from imgrec.store.thumbnails import DAMAGED
from imgrec.system.text import counted

_REDONE = "the next imgrec index moves it to damaged/ and reads its pictures again"
_GIVEN_AGAIN = (
    "the next imgrec index moves it to damaged/; its vectors were made elsewhere and cannot be "
    "made again from pictures: give them by imgrec index --vectors NAME=FILE"
)
# Thumbnails of a part that are decoded, unless all are.
_SAMPLE = 16
# Rows read at a time.
_ROWS = 4096


def check_output(store: Path, output: Output, known: Ids | None, deep: bool) -> Check[list[str]]:
    """Check all parts of an output; return the damaged ones, as paths relative to the store."""
    if problem := description_problem(output):
        name = CLASSES_DESCRIPTION if output.kind == CLASSES else FEATURE_DESCRIPTION
        place = Place(f"{output.folder.relative_to(store).as_posix()}/{name}")
        yield place.error(problem, "the folder cannot be opened; the next imgrec index repairs it")
    damaged = []
    may_be_lean = has_lean_parts(store)
    for part in output.parts():
        name = part.relative_to(store).as_posix()
        if may_be_lean and is_lean(output, part):
            continue
        problem = part_problem(output, part) or digest_problem(part)
        problem = problem or _content_problem(output, part, deep)
        if problem:
            damaged.append(name)
            yield Place(name).error(problem, _GIVEN_AGAIN if output.foreign else _REDONE)
        elif known is not None:
            yield from _check_ids(Place(name), part, known)
    return damaged


def _check_ids(place: Place, part: Path, known: Ids) -> Check[None]:
    unknown = int(np.isin(load_ids(part), known, invert=True).sum())
    if unknown:
        yield place.warning(
            f"{counted(unknown, 'row')} of pictures that are not in the catalog",
            "they are ignored; their pictures have rows under other ids",
        )


def _content_problem(output: Output, part: Path, deep: bool) -> str | None:
    if output.kind == FEATURES:
        return _numbers_problem(part / LARGE[FEATURES])
    if output.kind == CLASSES:
        return _numbers_problem(part / "probabilities.npy")
    return _pictures_problem(output.kind, part, deep)


def _numbers_problem(path: Path) -> str | None:
    values = load_array(path)
    for start in range(0, len(values), _ROWS):
        if not np.isfinite(values[start : start + _ROWS]).all():
            return f"{path.name} holds values that are not finite numbers"
    return None


def _pictures_problem(kind: str, part: Path, deep: bool) -> str | None:
    offsets = np.asarray(load_array(part / "offsets.npy"))
    ids, data = load_ids(part), (part / PICTURE_FILES[kind]).read_bytes()
    what, opener = ("thumbnail", open_thumbnail) if kind == THUMBS else ("preview", open_preview)
    step = 1 if deep else max(1, len(ids) // _SAMPLE)
    for row in range(0, len(ids), step):
        try:
            with opener(data[offsets[row] : offsets[row + 1]]) as image:
                image.load()
        except DAMAGED as error:
            return f"the {what} of picture {ids[row]} does not decode ({error})"
    return None
