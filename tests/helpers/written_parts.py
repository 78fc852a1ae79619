"""Parts of three pictures, written by hand, and damage to their files."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.damage import Output
from imgrec.store.descriptions import described
from imgrec.store.parts import part_name, part_numbers, write_part

IDS = np.array([3, 5, 9], np.int64)
SPEC = EncoderSpec("x", 4, Preprocessing(8, 8))
DESCRIBED = json.loads(described(SPEC))
CATEGORIES = json.dumps({"weights_digest": "", "categories": ["a"]})


def write_feature(
    store: Path, vectors: Any = None, ids: Any = IDS, **more: Any
) -> tuple[Output, Path]:
    """Write a part of the feature `x`; return its output and its folder."""
    folder = store / "features" / "x"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature.json").write_text(json.dumps({**DESCRIBED, **more}), "utf-8")
    values = np.zeros((3, 4), np.float32) if vectors is None else vectors
    number = 1 + max(part_numbers(folder), default=-1)
    write_part(folder, number, {"ids.npy": ids, "vectors.npy": values})
    return Output("features", folder, 4), folder / part_name(number)


def write_thumbs(store: Path, offsets: Any, size: int) -> tuple[Output, Path]:
    folder = store / "thumbs"
    folder.mkdir()
    files = {"ids.npy": IDS, "offsets.npy": np.array(offsets), "thumbs.bin": b"x" * size}
    write_part(folder, 0, files)
    return Output("thumbs", folder), folder / part_name(0)


def write_classes(store: Path, top: Any, probabilities: Any) -> tuple[Output, Path]:
    folder = store / "classes" / "x"
    folder.mkdir(parents=True)
    write_part(folder, 0, {"ids.npy": IDS, "top.npy": top, "probabilities.npy": probabilities})
    return Output("classes", folder), folder / part_name(0)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
