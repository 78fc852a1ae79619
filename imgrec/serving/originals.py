"""The pictures of the catalog as a browser shows them: originals, previews, thumbnails.

An original goes out as it is only where its bytes are those that the catalog knows, which were
decoded when they were indexed, in a format that browsers show; its type is ours, by the format that
was decoded, never what the file or its name says. So no file goes out as a document or a script.
Anything else is decoded in a guarded worker and goes out as a WebP that imgrec made.
"""

from dataclasses import dataclass

from imgrec.collection import Entry
from imgrec.errors import PictureError, StoreError
from imgrec.pictures.decoding import digest
from imgrec.search.view import StoreView
from imgrec.serving.decoder import GuardedDecoder
from imgrec.serving.errors import NotFoundError
from imgrec.serving.shelf import Shelf
from imgrec.sources.opening import source_of

JPEG, WEBP = "image/jpeg", "image/webp"
# Formats that browsers show, by Pillow's name; MPO is a JPEG with others behind it.
SHOWN = {
    "JPEG": JPEG,
    "MPO": JPEG,
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": WEBP,
    "AVIF": "image/avif",
    "BMP": "image/bmp",
}
# Above these a picture goes out reduced.
_MOST_BYTES = 64 << 20
_MOST_PIXELS = 100_000_000
_REDRAWN_PX = 4096
_PREVIEW_PX = 1024
_MOST_PREVIEWS = 512
_MOST_PREVIEW_BYTES = 64 << 20


@dataclass(frozen=True)
class Media:
    """A picture to be sent.

    Attributes:
        data: the bytes.
        content_type: of them.
        lasting: True if the same id always gives these bytes.
    """

    data: bytes
    content_type: str
    lasting: bool = True


class Originals:
    """Hands out the pictures of a store; thread-safe."""

    def __init__(self, decoder: GuardedDecoder) -> None:
        self._decoder = decoder
        self._made: Shelf[bytes] = Shelf(_MOST_PREVIEWS, _MOST_PREVIEW_BYTES, len)

    def thumbnail(self, view: StoreView, image_id: int) -> Media:
        """Return the stored thumbnail of a picture.

        Raises:
            NotFoundError: it has none.
        """
        found = view.thumbs.find(image_id)
        if found is None:
            raise NotFoundError(f"there is no thumbnail of a picture {image_id}")
        return Media(found, JPEG)

    def preview(self, view: StoreView, image_id: int) -> Media:
        """Return the stored preview of a picture, else one made of its file, else its thumbnail.

        Raises:
            NotFoundError: there is no such picture, or nothing of it.
            BusyError: too many are being decoded.
        """
        stored = view.previews.get(image_id) if view.previews else None
        if stored is not None:
            return Media(stored, WEBP)
        entry = entry_of(view, image_id)
        made = self._made.find(entry.digest or "")
        if made is not None:
            return Media(made, WEBP)
        try:
            data = read(entry)
            made = self._decoder.drawn(data, _PREVIEW_PX)
        except PictureError:
            # The file may be there again later.
            return Media(self.thumbnail(view, image_id).data, JPEG, lasting=False)
        if digest(data) != entry.digest:
            return Media(made, WEBP, lasting=False)
        self._made.put(entry.digest, made)
        return Media(made, WEBP)

    def original(self, view: StoreView, image_id: int) -> Media:
        """Return a picture in full size, or as a WebP where browsers do not show its format.

        Raises:
            NotFoundError: there is no such picture, or its file is gone.
            PictureError: its file cannot be decoded any more.
            BusyError: too many are being decoded.
        """
        entry = entry_of(view, image_id)
        try:
            data = read(entry)
        except PictureError as error:
            raise NotFoundError(f"the file of picture {image_id} is not there") from error
        known = digest(data) == entry.digest
        if known and _goes_out(entry, data):
            return Media(data, SHOWN[entry.format or ""])
        try:
            return Media(self._decoder.drawn(data, _REDRAWN_PX), WEBP, lasting=known)
        except PictureError as error:
            if known:
                raise
            # Not why: its first bytes may be those of any file that a link leads to.
            raise PictureError(error.reason, "the file has changed since it was indexed") from error


def entry_of(view: StoreView, image_id: int) -> Entry:
    """Return the row of a picture of the collection.

    Raises:
        NotFoundError: there is none.
    """
    try:
        (entry,) = view.store.catalog.entries([image_id])
    except (StoreError, OverflowError) as error:
        raise NotFoundError(f"no picture has the id {image_id}") from error
    if entry.status != "ok":
        raise NotFoundError(f"picture {image_id} is {entry.status}")
    return entry


def read(entry: Entry) -> bytes:
    """Return the bytes of the file of a picture.

    Raises:
        PictureError: it is not there, or cannot be read.
    """
    return source_of(entry.root).read(entry.path)


def _goes_out(entry: Entry, data: bytes) -> bool:
    pixels = (entry.width or 0) * (entry.height or 0)
    return entry.format in SHOWN and len(data) <= _MOST_BYTES and pixels <= _MOST_PIXELS
