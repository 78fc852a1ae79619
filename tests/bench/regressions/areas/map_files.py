"""The files of the map, beside decoding the thumbnails that its tiles show."""

import io
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "logdir"))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[2] / "map"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from files import prepared
from PIL import Image

from imgrec import Store
from ratio import Ratio, in_turns
from running import main_of

_COUNT = 3_000
_REPEATS = 3


def ratios(work: Path) -> list[Ratio]:
    """Return tiles and all other files over decoding each thumbnail once."""
    with prepared(work, _COUNT, None, workers=0) as material:

        def decode() -> None:
            with Store.open(material.store) as store:
                thumbs = store.thumbs()
                for image_id in thumbs.ids.tolist():
                    Image.open(io.BytesIO(thumbs.get(image_id))).load()

        what = f"files of the map of {_COUNT:,}, positions kept"
        return [
            in_turns(f"{what} / decoding its thumbnails (CPU)", material.write, decode,
                     _REPEATS, clock=time.process_time)
        ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main_of(ratios))
