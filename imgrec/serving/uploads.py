"""Pictures from outside: uploaded, decoded in a guarded worker, and kept for a while.

Of an upload its pixels are kept, reduced as every encoder takes them, and the digest of its file;
the file itself is not. So the vectors of an upload are those of the file, and a part of it can be
asked about too. Bounded in number and in bytes; who asks for one that was dropped uploads it again.
"""

import hashlib
from collections.abc import Iterable, Mapping

from PIL import Image

from imgrec.pictures.decoding import base_px
from imgrec.search.query_pictures import Decoded
from imgrec.serving.decoder import GuardedDecoder, Opened, parts_of
from imgrec.serving.errors import MediaTypeError, RequestError, TooLargeError
from imgrec.serving.requests import Box
from imgrec.serving.shelf import Shelf
from imgrec.store.store import Store

# Bytes of one file.
MOST_BYTES = 64 << 20
# What most encoders take, and the stores without one.
LEAST_NEED_PX = 256
# In an answer, which may be saved: the token is nobody else's business.
_NAME = "uploaded picture"
_OCTETS = "application/octet-stream"
_MOST_UPLOADS = 256
_MOST_KEPT_BYTES = 256 << 20
# Pixels of one upload; a strip of 512 x 100,000 has more.
_MOST_ONE_BYTES = 96 << 20


class Uploads:
    """The uploads of a server; thread-safe."""

    def __init__(self, decoder: GuardedDecoder) -> None:
        self._decoder = decoder
        self._kept: Shelf[Opened] = Shelf(
            _MOST_UPLOADS,
            _MOST_KEPT_BYTES,
            lambda opened: opened.bytes,
            "this upload is no longer kept: upload it again",
        )

    def put(self, data: bytes, content_type: str, needs_px: Iterable[int]) -> tuple[str, Opened]:
        """Decode a file and keep it; return its token too.

        Args:
            data: the bytes of the file.
            content_type: as the client names it; the format is told by the bytes.
            needs_px: what the encoders of the store resize pictures to.

        Raises:
            MediaTypeError: the type is none of a picture.
            TooLargeError: it has too many bytes or pixels.
            PictureError: it cannot be decoded.
            BusyError: too many are being decoded.
        """
        if not content_type.startswith("image/") and content_type != _OCTETS:
            raise MediaTypeError(f"send a picture as image/… or {_OCTETS}, not {content_type!r}")
        if len(data) > MOST_BYTES:
            raise TooLargeError(f"a picture has up to {MOST_BYTES >> 20} MiB")
        if not data:
            raise RequestError("the picture has 0 bytes")
        opened = self._decoder.opened(data, list(needs_px))
        if opened.bytes > _MOST_ONE_BYTES:
            raise TooLargeError("the picture is too long for its width: cut it")
        return self._kept.keep(opened), opened

    def get(self, token: str) -> Opened:
        """Return an upload.

        Raises:
            GoneError: it was dropped, or never given.
        """
        return self._kept.get(token)

    def asked(self, token: str, box: Box | None) -> Decoded:
        """Return an upload, or a part of it, as a picture of a question; see `get`."""
        opened = self.get(token)
        if box is None:
            return Decoded(_NAME, opened.digest, opened.images)
        largest = opened.images[max(opened.images)]
        needs = [base // 2 for base in opened.images]
        return part_asked(_NAME, parts_of(largest, fractions(box), needs))

    def __len__(self) -> int:
        return len(self._kept)


def needs_of(store: Store) -> list[int]:
    """Return what the encoders of a store resize pictures to, one for each way to decode them."""
    needs = [store.spec(name).preprocessing.resize_px for name in store.feature_names()]
    return list({base_px(need): need for need in [LEAST_NEED_PX, *needs]}.values())


def fractions(box: Box) -> tuple[float, float, float, float]:
    """Return left, top, width and height of a box."""
    return box.x, box.y, box.width, box.height


def part_asked(name: str, images: Mapping[int, Image.Image]) -> Decoded:
    """Return a part of a picture, by the shorter side, as a picture of a question."""
    # Its vectors are cached by its pixels: it has no file.
    known_by = hashlib.blake2b(digest_size=16)
    for base in sorted(images):
        image = images[base]
        known_by.update(f"part {base} {image.width} x {image.height} ".encode())
        known_by.update(image.tobytes())
    return Decoded(f"{name} (part)", known_by.hexdigest(), images)
