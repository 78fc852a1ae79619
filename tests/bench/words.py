"""Average precision of words over the whole ranking, with the folders of the photos as truth."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec import Answer, Recommender
from imgrec.errors import WrongValueError
from machine import rows

# The folder that each word should find, of the clothing photos.
FOLDERS = {
    "shoes": "shoes", "pants": "pants", "t-shirt": "t-shirt", "hat": "hat", "dress": "dress",
    "shirt": "shirt", "skirt": "skirt", "coat": "outwear", "jacket": "outwear",
    "shorts": "shorts",
}  # fmt: skip


def table(store: Path, folders: Mapping[str, str] = FOLDERS) -> str:
    """Return the average precision of each word whose folder is there, and what it was taken for.

    Args:
        store: of photos in folders, with classes.
        folders: the name of a folder for each word.

    Raises:
        StoreError: the store has no classes of ImageNet.
    """
    lines: list[list[object]] = []
    with Recommender.open(store, cache="none") as recommender:
        count = len(recommender.store.feature())
        catalog = recommender.store.catalog
        there = {Path(entry.path).parent.name for entry in catalog.entries(catalog.ids("ok"))}
        for word, folder in folders.items():
            if folder in there:
                lines.append([word, folder, *_measured(recommender, word, folder, count)])
    if not lines:
        return "no folder of the photos is one of the words\n"
    heads = ["word", "folder", "average precision", "by chance", "of the 15 nearest", "classes"]
    return rows(heads, lines) + f"\n{count:,} photos, the whole ranking\n"


def average_precision(relevant: NDArray[np.bool_]) -> float:
    """Return the mean of the precisions at each relevant result, of a whole ranking (n,)."""
    hits = np.flatnonzero(relevant)
    return float((np.arange(1, len(hits) + 1) / (hits + 1)).mean())


def _measured(recommender: Recommender, word: str, folder: str, count: int) -> list[object]:
    try:
        answer: Answer = recommender.query(text=[word], k=count)
    # ImageNet has no class for the word.
    except WrongValueError as error:
        return ["", "", "", str(error)]
    relevant = np.array([Path(r.path).parent.name == folder for r in answer.results])
    first = f"{relevant[:15].sum()}"
    precision, chance = f"{average_precision(relevant):.3f}", f"{relevant.mean():.3f}"
    return [precision, chance, first, ", ".join(answer.texts[0].classes)]
