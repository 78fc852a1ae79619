"""Answers drawn as one picture, from what is decoded in guarded workers or stored.

No file is decoded in the process of the server: query pictures from outside were decoded when they
came, and of others the stored preview is drawn, or a part of the original that a worker returns.
"""

import io

from PIL import Image

from imgrec.errors import PictureError
from imgrec.search.answer import Answer, Result
from imgrec.search.grid import grid_of
from imgrec.search.query_vectors import Decoded
from imgrec.search.view import StoreView
from imgrec.serving.decoder import GuardedDecoder
from imgrec.serving.errors import RequestError
from imgrec.serving.originals import entry_of, read
from imgrec.serving.parts import stored_image

# Pictures of a grid.
MOST_DRAWN = 100
# Twice the side of a cell.
_NEED_PX = 240


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
    by_name = dict(zip([*answer.queries, *answer.unwanted], asked, strict=True))

    def query(name: str) -> Image.Image:
        one = by_name[name]
        return _image_of(view, one, decoder) if isinstance(one, int) else _largest(one)

    def found(result: Result) -> Image.Image:
        return _image_of(view, result.id, decoder)

    buffer = io.BytesIO()
    grid_of(answer, query, found).save(buffer, "PNG")
    return buffer.getvalue()


def _largest(decoded: Decoded) -> Image.Image:
    return decoded.images[max(decoded.images)]


def _image_of(view: StoreView, image_id: int, decoder: GuardedDecoder) -> Image.Image:
    stored = view.previews.get(image_id) if view.previews else None
    if stored is None:
        try:
            return decoder.decode(read(entry_of(view, image_id)), _NEED_PX).image
        except (PictureError, RequestError):
            # What is stored is smaller, and there.
            pass
    return stored_image(view, image_id)[0]
