"""What a query may be asked by: a name, an id, a file's bytes, or pixels, and how it is decoded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import PictureError, WrongValueError
from imgrec.pictures.digests import digest

if TYPE_CHECKING:
    from PIL import Image

    from imgrec.pictures.decoding import Picture


@dataclass(frozen=True)
class FileBytes:
    """The bytes of a picture file that comes from no path, such as standard input.

    Attributes:
        name: under which the answer lists it.
        data: the bytes.
    """

    name: str
    data: bytes


@dataclass(frozen=True)
class Decoded:
    """A picture that was decoded elsewhere, such as by a worker process.

    Attributes:
        name: under which the answer lists it.
        digest: of the bytes of its file; of other bytes that stand for its pixels, where it is
            a part of a picture.
        images: upright RGB, by the shorter side that `decode` was asked to leave
            (`imgrec.pictures.decoding.base_px`).
    """

    name: str
    digest: str
    images: Mapping[int, Image.Image]

    def image(self, need_px: int) -> Image.Image:
        """Return the picture as `decode` returns it for this need.

        Raises:
            PictureError: it was not decoded for it.
        """
        from imgrec.pictures.decoding import base_px

        found = self.images.get(base_px(need_px))
        if found is None:
            raise PictureError("unreadable", "it was not decoded as large: upload it again")
        return found


# Text, so that neither Pillow nor the decoding is imported: most questions are by stored pictures.
Asked: TypeAlias = (
    "Path | str | int | np.integer | Image.Image | NDArray[np.uint8] | FileBytes | Decoded"
)
# Decodes the bytes of a file for a need in pixels, as `imgrec.pictures.decoding.decode` does.
Decoder: TypeAlias = "Callable[[bytes, int], Picture]"


def decoded_here(data: bytes, need_px: int) -> Picture:
    """Decode a picture in this process, see `imgrec.pictures.decoding.decode`."""
    from imgrec.pictures.decoding import decode

    return decode(data, need_px)


def is_image(value: object) -> TypeGuard[Image.Image]:
    """Return True for a picture of Pillow, which whoever has one has imported."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


@dataclass(frozen=True)
class Content:
    """A picture to be encoded: its name, its digest, the bytes of its file or its pixels."""

    name: str
    digest: str
    source: bytes | Image.Image | Decoded  # upright RGB

    def image(self, need_px: int, decoder: Decoder) -> Image.Image:
        """Return its pixels, upright RGB, for a need in pixels.

        Raises:
            PictureError: it cannot be decoded, or was not decoded as large.
        """
        if isinstance(self.source, bytes):
            return decoder(self.source, need_px).image
        return self.source.image(need_px) if isinstance(self.source, Decoded) else self.source


def content_of(asked: Image.Image | NDArray[np.uint8], need_px: int) -> Content:
    """Return a picture of Pillow, or pixels, as what is encoded for a need in pixels.

    Raises:
        WrongValueError: the array is no picture.
        PictureError: it cannot be read.
    """
    from PIL import Image

    from imgrec.pictures.decoding import prepared

    if isinstance(asked, np.ndarray):
        channels = asked.shape[2] if asked.ndim == 3 else 1
        pixels_like = asked.dtype == np.uint8 and asked.ndim in (2, 3) and channels in (1, 3, 4)
        if not pixels_like or not asked.size:
            raise WrongValueError(
                f"an array {asked.shape} of {asked.dtype} is no picture: "
                "give pixels (h, w, 3), uint8"
            )
        image = Image.fromarray(asked[:, :, 0] if asked.shape[2:] == (1,) else asked)
        name = "array {}".format(" x ".join(map(str, asked.shape)))
    else:
        image, name = asked, str(getattr(asked, "filename", "")) or "image"
    try:
        pixels = prepared(image, need_px)
    except PictureError as error:
        raise unreadable(name, error) from error
    known_by = f"pixels {pixels.width} x {pixels.height} ".encode() + pixels.tobytes()
    return Content(name, digest(known_by), pixels)


def unreadable(name: str, error: PictureError) -> PictureError:
    """Return an error as it is told of a picture that was asked about by a name."""
    return PictureError(error.reason, f"{name} cannot be read: {error.reason} ({error})")
