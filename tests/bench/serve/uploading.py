"""A picture from outside: from its upload to the answer, by a small store of `lite0`."""

import io
import json
import time
from pathlib import Path
from statistics import median

import numpy as np
from clients import Target, asked
from PIL import Image
from servers import page

from imgrec import Options, index_folders
from imgrec.samples import write_samples

_PICTURES, _UPLOADS, _WARM = 120, 15, 3
_SIZE_PX = (1600, 1200)


def upload_to_answer_ms(work: Path) -> float:
    """Return the median ms from sending a photograph of 2 megapixels to the answer about it."""
    store = work / "small-store"
    if not store.exists():
        write_samples(work / "small", _PICTURES)
        index_folders([work / "small"], store, Options(encoders=("lite0",)))
    with page(store) as target:
        spent = [_once(target, jpeg) for jpeg in _jpegs()]
    return median(spent[_WARM:])


def _once(target: Target, jpeg: bytes) -> float:
    started = time.perf_counter()
    uploaded = asked(target, [target.raw("PUT", "/api/pictures", jpeg, "image/jpeg")], keep=True)
    token = json.loads(uploaded.bodies[0])["upload"]
    found = asked(target, [target.request("/api/search", {"pictures": [token], "k": 60})])
    assert len(found.first_ms) == 1
    return 1000 * (time.perf_counter() - started)


def _jpegs() -> list[bytes]:
    """Return different pictures with the detail of photographs."""
    rng = np.random.default_rng(5)
    made = []
    for _ in range(_UPLOADS + _WARM):
        pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        large = Image.fromarray(pixels).resize(_SIZE_PX, Image.Resampling.BICUBIC)
        large.save(buffer, "JPEG", quality=88)
        made.append(buffer.getvalue())
    return made
