"""Precision at k of the features, with the folders of the photos as classes, leave-one-out."""

from pathlib import Path

import numpy as np
from PIL import Image

from imgrec import Options, Store, index_folders
from imgrec.neighbors.precision import precision_at_k
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.sources.files import read_file
from machine import rows

_THUMB = Preprocessing(crop_px=8, resize_px=8)


def joint(work: Path) -> Path:
    """Return the store of `lite0`, `mini` and `rgb` that `table` leaves."""
    return work / "joint"


def table(photos: Path, work: Path) -> str:
    """Return precision at 1 and 5 by cosine of features, relations and an 8 x 8 thumbnail.

    Args:
        photos: in folders, which are the classes.
        work: folder for a store of `lite0`, `mini` and `rgb`.
    """
    index_folders([photos], joint(work), Options(encoders=("lite0", "mini")))
    with Store.open(joint(work)) as opened:
        ids = opened.feature().ids
        entries = opened.catalog.entries(ids)
        labels = [Path(entry.location).parent.name for entry in entries]
        images: list[Image.Image] = [
            decode(read_file(Path(entry.location))).image for entry in entries
        ]
        thumbs = np.stack([pixels_for(image, _THUMB).reshape(-1) for image in images])
        names = [*opened.relation_names(), *opened.feature_names()]
        vectors = {name: opened.feature(name).take(ids) for name in names}
        vectors["8 x 8 RGB thumbnail"] = thumbs.astype(np.float32)
    lines = []
    for name, matrix in vectors.items():
        precision = precision_at_k(matrix, labels)
        lines.append([name, matrix.shape[1], f"{precision[1]:.3f}", f"{precision[5]:.3f}"])
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    chance = f"{(shares**2).sum():.3f}"
    lines.append(["chance", "", chance, chance])
    classes = len(shares)
    return (
        rows(["feature", "dimensions", "P@1", "P@5"], lines)
        + f"\n{len(labels)} photos in {classes} classes, cosine, leave-one-out\n"
    )
