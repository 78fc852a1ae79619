"""Indexing in one process, beside Pillow that only decodes; and from a tar file beside a folder."""

import itertools
import sys
import tarfile
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

from PIL import Image

import decoding
from imgrec import Options, index_folders
from imgrec.samples import write_samples
from machine import seconds
from ratio import Ratio, of_seconds
from running import main_of

_PICTURES = 100
_REPEATS = 5


def ratios(work: Path) -> list[Ratio]:
    """Return reading and encoding over decoding alone, over another source, and its passes."""
    pictures, packed = work / "pictures", work / "pictures.tar"
    write_samples(pictures, _PICTURES)
    with tarfile.open(packed, "w") as tar:
        tar.add(pictures, "pictures")
    files = [file for file in sorted(pictures.rglob("*")) if file.suffix in (".jpg", ".png")]
    numbers = itertools.count()

    def index_s(source: Path) -> float:
        options = Options(encoders=("mini",), workers=0)
        return index_folders([source], work / f"store-{next(numbers)}", options).reading_s

    def decode() -> None:
        for file in files:
            with Image.open(file) as image:
                image.convert("RGB")

    # What is compiled and imported once is left out.
    index_s(pictures)
    index_s(packed)
    found = [(index_s(pictures), index_s(packed), seconds(decode)) for _ in range(_REPEATS)]
    what = f"indexing {_PICTURES} samples, mini, one process"
    return [
        of_seconds(f"{what} / decoding by Pillow", [(ours, alone) for ours, _, alone in found]),
        of_seconds(f"{what}: tar file / folder", [(tar, folder) for folder, tar, _ in found]),
        of_seconds("one decode / a decode for each feature (CPU)", decoding.passes_ms(_REPEATS)),
    ]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
