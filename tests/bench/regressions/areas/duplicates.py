"""Duplicates: thumbnails compared beside hashes of them, files beside decoding them."""

import io
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "logdir"))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[2] / "duplicates"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from PIL import Image

import hashes
from imgrec import Store
from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from imgrec.samples import write_samples
from ratio import Ratio, in_turns
from running import main_of
from thumbnails_compared import drawn, write_thumbnails

_COUNT = 4_000
_FILES = 8
_SIDE_PX, _QUALITY = 640, 80
_REPEATS = 5


def ratios(work: Path) -> list[Ratio]:
    """Return candidate pairs over pHash of their pictures, and pairs of files over decoding."""
    write_thumbnails(work / "store", _COUNT)
    pairs, files = drawn(_COUNT), _pairs_of_files(work)
    with Store.open(work / "store") as store:
        thumbs, folder = store.thumbs(), store.paths.thumbs
        return [
            in_turns(
                f"thumbnails of {_COUNT:,}, {len(pairs):,} pairs / their pHash (CPU)",
                lambda: list(deserving_by_block(pairs, folder)),
                lambda: [hashes.phash(_opened(thumbs.get(i))) for i in thumbs.ids.tolist()],
                _REPEATS,
                clock=time.process_time,
            ),
            in_turns(
                f"{_FILES} pairs of files of {_SIDE_PX} px compared / decoded by Pillow (CPU)",
                lambda: [compare_files(*pair) for pair in files],
                lambda: [_opened(data).load() for pair in files for data in pair],
                _REPEATS,
                clock=time.process_time,
            ),
        ]


def _pairs_of_files(work: Path) -> list[tuple[bytes, bytes]]:
    """Return samples as PNG, each with the same picture as a JPEG."""
    write_samples(work / "pictures", _FILES)
    files = [file for file in sorted(work.rglob("*")) if file.suffix in (".jpg", ".png")]
    pairs = []
    for file in files[:_FILES]:
        picture = Image.open(file).convert("RGB").resize((_SIDE_PX, _SIDE_PX))
        one, other = io.BytesIO(), io.BytesIO()
        picture.save(one, "PNG")
        picture.save(other, "JPEG", quality=_QUALITY)
        pairs.append((one.getvalue(), other.getvalue()))
    return pairs


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


if __name__ == "__main__":
    sys.exit(main_of(ratios))
