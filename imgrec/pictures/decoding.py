"""Decoding: from file bytes to an upright RGB picture, or a reason code. The only decoder there is.

Steps: leave out what is no pixel (`opening`); read the first frame, JPEGs at reduced scale
(`draft`); convert to a plain mode (`color_modes`); apply the EXIF orientation; reduce large
pictures by an integer factor, to no less than twice what any encoder takes; convert the ICC profile
to sRGB (`color_profiles`); composite over white. Orientation is applied before reducing, so that a
picture rotated by EXIF gives the same pixels as one whose pixels were rotated.

Of a raw file of a camera the embedded preview is decoded (`raw_preview`). A file that fails is
tried again without what no pixel depends on, and without an end marker if no pixel is missing
(`repairs`): it is a picture with a warning.
"""

import hashlib
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import chain

from PIL import Image
from PIL.ImageFile import ImageFile

from imgrec.errors import PictureError
from imgrec.pictures.color_modes import plain, to_rgb
from imgrec.pictures.decoder_memory import area
from imgrec.pictures.digests import digest
from imgrec.pictures.failures import REASONS, muffled, translated
from imgrec.pictures.formats import FORMATS, SUFFIXES
from imgrec.pictures.limits import MAX_MEMORY, MAX_PIXELS
from imgrec.pictures.memory import (
    LIMITS,
    TURNED_FIRST_PIXELS,
    Limits,
    check_icon,
    fit,
    guarded,
)
from imgrec.pictures.opening import opened
from imgrec.pictures.raw_preview import embedded_preview, raw_kind, raw_orientation
from imgrec.pictures.refusals import names_a_kind
from imgrec.pictures.repairs import endings, is_padded, without_metadata
from imgrec.pictures.scaling import THUMB_PX, Scales, pixels_for, reduced, thumbnail
from imgrec.pictures.transparency import lower_bytes, on_canvas, scale_key, with_key

__all__ = [
    "FORMATS", "LIMITS", "MAX_MEMORY", "MAX_PIXELS", "REASONS", "SUFFIXES", "THUMB_PX", "Limits",
    "Picture", "Scales", "base_px", "decode", "digest", "pixels_for", "prepared", "thumbnail",
]  # fmt: skip

# Least length of the shorter side after reducing. A picture of 500 x 375 is not reduced; one of 12
# megapixels differs by 0.24 of 255 on average.
_BASE_PX = 512
# Pixels up to which a JPEG without its end is compared at full size.
_COMPARED_PIXELS = 1 << 25
# Messages of files whose header is whole.
_ENDS_IN_PIXELS = ("image file is truncated", "zeros take the place of its end")
# Reasons that damage to what is no pixel may have.
_MENDABLE = frozenset({"truncated", "damaged", "unsupported"})
# Pillow's transposition for each EXIF orientation.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = {_UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}


@dataclass(frozen=True)
class Picture:
    """A decoded file.

    Attributes:
        image: upright RGB, possibly reduced: smaller than `width` x `height`.
        width: width of the upright original, in pixels; of a raw file, that of its preview.
        height: height of the upright original, in pixels, likewise.
        format: Pillow's name of the file format, such as "JPEG"; of a raw file its usual suffix,
            such as "NEF".
        warning: what is wrong with the file that did not keep it from being read, such as a damaged
            comment, or that a raw file was read by its preview; "" for a sound one. `imgrec catalog
            --warnings` lists it.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    warning: str = ""


@dataclass(frozen=True)
class _Wanted:
    """What is wanted of a file.

    Attributes:
        side_px: the least length of the shorter side after reducing.
        limits: the sizes above which it is refused.
        ground: the color behind transparency.
        orientation: that of EXIF where the file has none of its own.
    """

    side_px: int
    limits: Limits = LIMITS
    ground: str = "white"
    orientation: int = 1


def base_px(need_px: int) -> int:
    """Return the least length of the shorter side that `decode` leaves for a need in pixels."""
    return max(_BASE_PX, 2 * need_px)


def decode(
    data: bytes, need_px: int = 256, limits: Limits = LIMITS, ground: str = "white"
) -> Picture:
    """Decode the bytes of a file, by the steps at the head of this module.

    Args:
        data: the file's bytes.
        need_px: the longest side to which any consumer will resize the picture. The shorter side
            of the result is at least twice that and at least 512 px, if the original's is.
        limits: the sizes above which a picture is refused.
        ground: the color over which transparency is composited.

    Raises:
        PictureError: its code is one of `REASONS`.
    """
    wanted = _Wanted(base_px(need_px), limits, ground)
    kind = raw_kind(data)
    preview = embedded_preview(data) if kind else None
    if preview is not None:
        return _of_raw(data, kind, preview, wanted)
    try:
        return _attempt(data, wanted)
    except PictureError as error:
        with translated(data):
            mended = _mended(data, error, wanted)
        if mended is None:
            raise
        return mended


def prepared(image: Image.Image, need_px: int = 256) -> Image.Image:
    """Return an open Pillow image as upright RGB, by the same steps as `decode`.

    Raises:
        PictureError: its file cannot be decoded, or it has more than `MAX_PIXELS` pixels.
    """
    side_px = base_px(need_px)
    with translated():
        # Of one that is loaded, only the copies are still to be made.
        fit(image, side_px, 0, scale=False)
        if isinstance(image, ImageFile):
            scale_key(image)
        _load(image)
        profile = image.info.get("icc_profile")
        return _upright_rgb(on_canvas(image), _turn(image), _Wanted(side_px), profile)


def _of_raw(data: bytes, kind: str, preview: bytes, wanted: _Wanted) -> Picture:
    """Return the picture of a raw file, which is that of its preview.

    Raises:
        PictureError: its code is one of `REASONS`.
    """
    # The raw file stays in memory meanwhile.
    left = replace(wanted.limits, memory_bytes=wanted.limits.memory_bytes - len(data))
    orientation = raw_orientation(data)
    found = _attempt(preview, replace(wanted, limits=left, orientation=orientation))
    told = f"embedded preview of {found.width} x {found.height} pixels"
    return replace(found, format=kind, warning=told)


def _attempt(data: bytes, wanted: _Wanted) -> Picture:
    """Return the picture of a file as it is.

    Raises:
        PictureError: its code is one of `REASONS`.
    """
    with translated(data), guarded(None, wanted.limits):
        if is_padded(data):
            raise PictureError("truncated", "zeros take the place of its end")
        check_icon(data, wanted.side_px, wanted.limits)
        image, read, warning = opened(data)
        with image:
            return replace(_decoded(image, read, wanted), warning=warning)


def _mended(data: bytes, error: PictureError, wanted: _Wanted) -> Picture | None:
    """Return the picture of a file that is whole but for what is no pixel; None for any other."""
    if error.reason not in _MENDABLE or names_a_kind(str(error)):
        return None
    # Where the data of pixels ends early, no metadata is to blame.
    lacks_pixels = any(words in str(error) for words in _ENDS_IN_PIXELS)
    versions = () if lacks_pixels else without_metadata(data)
    for version, warning in chain([(data, "")], versions):
        reason = error.reason
        if version is not data:
            try:
                return replace(_attempt(version, wanted), warning=warning)
            except PictureError as failure:
                reason = failure.reason
        if reason == "truncated" and (whole := _whole(version, wanted.limits)):
            ended = "the end marker is missing" + ("; " + warning if warning else "")
            with suppress(PictureError):
                return replace(_attempt(whole, wanted), warning=ended)
    return None


def _whole(data: bytes, limits: Limits) -> bytes | None:
    """Return a file with an end appended, if no pixel depends on what is appended; else None."""
    for versions in endings(data):
        first = next(versions)
        try:
            expected = _raw_digest(first, limits)
            if all(_raw_digest(version, limits) == expected for version in versions):
                return first
        except PictureError:
            continue
    return None


def _raw_digest(data: bytes, limits: Limits) -> bytes:
    """Return a digest of the pixels as decoded, at full size unless they are too many."""
    with translated(data), guarded(None, limits), opened(data)[0] as image:
        large = area(image.size) > _COMPARED_PIXELS
        fit(image, _BASE_PX if large else max(image.size), len(data), limits)
        _load(image)
        return hashlib.blake2b(image.tobytes()).digest()


def _decoded(image: ImageFile, data: bytes, wanted: _Wanted) -> Picture:
    size = image.size
    plan = fit(image, wanted.side_px, len(data), wanted.limits)
    with guarded(plan.memory_bytes, wanted.limits):
        lower = lower_bytes(image, data)
        _load(image)
        # Some decoders learn the true size only while loading.
        if image.size != plan.size:
            size = image.size
        method = _turn(image, wanted.orientation)
        width, height = size[::-1] if method in _LYING else size
        pixels = on_canvas(image) if lower is None else with_key(image, lower)
        upright = _upright_rgb(pixels, method, wanted, image.info.get("icc_profile"))
        return Picture(upright, width, height, image.format or "")


def _load(image: Image.Image) -> None:
    with muffled() if image.format == "TIFF" else nullcontext():
        image.load()


def _turn(image: Image.Image, default: int = 1) -> Image.Transpose | None:
    """Return the transposition for the EXIF orientation; None without, or with damaged EXIF."""
    try:
        orientation = image.getexif().get(0x0112, default)
        # Of type BYTE, where Pillow returns bytes.
        orientation = orientation[0] if isinstance(orientation, bytes) else orientation
        return _UPRIGHT.get(orientation)
    # Damaged EXIF may raise anything, and must not cost the picture.
    except Exception:
        return None


def _upright_rgb(
    image: Image.Image, method: Image.Transpose | None, wanted: _Wanted, profile: bytes | None
) -> Image.Image:
    pixels = plain(image)
    if area(pixels.size) > TURNED_FIRST_PIXELS:
        pixels = reduced(pixels, wanted.side_px)
    upright = pixels if method is None else pixels.transpose(method)
    return to_rgb(reduced(upright, wanted.side_px), profile, wanted.ground)
