"""Parts of pictures of the catalog that are asked about: a box, cut from the original.

The original is decoded in a guarded worker. Where its file is gone, the part is cut from the stored
preview or thumbnail, and the answer says so.
"""

from PIL import Image

from imgrec.errors import PictureError
from imgrec.pictures.preview_file import open_preview
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.search.query_pictures import Decoded
from imgrec.search.view import StoreView
from imgrec.serving.decoder import GuardedDecoder, parts_of
from imgrec.serving.errors import NotFoundError
from imgrec.serving.originals import entry_of, read
from imgrec.serving.requests import Box
from imgrec.serving.shelf import Shelf
from imgrec.serving.uploads import fractions, needs_of, part_asked
from imgrec.store.thumbnails import DAMAGED

_MOST_PARTS = 64
_MOST_BYTES = 64 << 20
_Cut = tuple[Decoded, str]


class Parts:
    """Cuts parts from pictures, and keeps the newest, which a changed filter asks again."""

    def __init__(self, decoder: GuardedDecoder) -> None:
        self._decoder = decoder
        self._kept: Shelf[_Cut] = Shelf(_MOST_PARTS, _MOST_BYTES, _bytes_of)

    def asked(self, view: StoreView, image_id: int, box: Box) -> _Cut:
        """Return a part of a picture as a picture of a question, and a warning, "" for none.

        Raises:
            NotFoundError: there is no such picture, or nothing of it.
            BusyError: too many are being decoded.
        """
        needs = needs_of(view.store)
        key = f"{image_id} {box} {needs}"
        found = self._kept.find(key)
        if found is None:
            found = self._cut(view, image_id, box, needs)
            self._kept.put(key, found)
        return found

    def _cut(self, view: StoreView, image_id: int, box: Box, needs: list[int]) -> _Cut:
        entry, warning = entry_of(view, image_id), ""
        try:
            images = self._decoder.part(read(entry), fractions(box), needs)
        except PictureError:
            image, what = stored_image(view, image_id)
            images = parts_of(image, fractions(box), needs)
            warning = (
                f"the file of picture {image_id} cannot be read: the part is of its {what}, "
                f"{image.width} x {image.height} pixels"
            )
        return part_asked(f"id {image_id}", images), warning


def stored_image(view: StoreView, image_id: int) -> tuple[Image.Image, str]:
    """Return the stored preview of a picture, else its thumbnail, and which of them it is.

    Raises:
        NotFoundError: it has none, or it is damaged.
    """
    preview = view.previews.get(image_id) if view.previews else None
    thumbnail = view.thumbs.find(image_id)
    try:
        if preview is not None:
            return open_preview(preview).convert("RGB"), "preview"
        if thumbnail is not None:
            return open_thumbnail(thumbnail).convert("RGB"), "thumbnail"
    except DAMAGED as error:
        raise NotFoundError(f"the thumbnail of picture {image_id} is damaged") from error
    raise NotFoundError(f"there is no picture of the id {image_id}")


def _bytes_of(cut: _Cut) -> int:
    return sum(3 * image.width * image.height for image in cut[0].images.values())
