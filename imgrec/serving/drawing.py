"""Answers drawn as one picture, from what is decoded in guarded workers or stored.

No file is decoded in the process of the server: query pictures from outside were decoded when they
came, and of others the stored preview is drawn, or a small picture that a worker makes of the file.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from PIL import Image

from imgrec.errors import PictureError
from imgrec.pictures.preview_file import open_preview
from imgrec.search.answer import Answer
from imgrec.search.grid import grid_of
from imgrec.search.query_pictures import Decoded
from imgrec.search.view import StoreView
from imgrec.serving.decoder import GuardedDecoder
from imgrec.serving.errors import RequestError
from imgrec.serving.originals import entry_of, read
from imgrec.serving.parts import stored_image

# Pictures of a grid.
MOST_DRAWN = 100
# The side of a cell of the grid.
_SIDE_PX = 240


def grid_png(
    view: StoreView, answer: Answer, asked: list[Decoded | int], decoder: GuardedDecoder
) -> bytes:
    """Return the grid of an answer as a PNG.

    Args:
        view: of the store.
        answer: to be drawn.
        asked: the query pictures and then the unwanted ones, decoded or by id, as answered.
        decoder: decodes the others.

    Raises:
        NotFoundError: nothing is stored of a picture whose file is gone.
        BusyError: too many pictures are being decoded.
    """
    ids = [one for one in asked if isinstance(one, int)]
    ids = list(dict.fromkeys([*ids, *(result.id for result in answer.results)]))
    # As many at once as there are workers.
    with ThreadPoolExecutor(decoder.workers) as threads:
        drawn = threads.map(lambda image_id: _image_of(view, image_id, decoder), ids)
        images = dict(zip(ids, drawn, strict=True))

    queries = [images[one] if isinstance(one, int) else _largest(one) for one in asked]
    buffer = io.BytesIO()
    grid_of(answer, queries, lambda result: images[result.id]).save(buffer, "PNG")
    return buffer.getvalue()


def _largest(decoded: Decoded) -> Image.Image:
    return decoded.images[max(decoded.images)]


def _image_of(view: StoreView, image_id: int, decoder: GuardedDecoder) -> Image.Image:
    stored = view.previews.get(image_id) if view.previews else None
    if stored is None:
        # Without one, what is stored is smaller, and there.
        with suppress(PictureError, RequestError):
            drawn = decoder.drawn(read(entry_of(view, image_id)), _SIDE_PX)
            return open_preview(drawn).convert("RGB")
    return stored_image(view, image_id)[0]
