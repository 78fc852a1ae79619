"""The comparison of two picture files: the same, similar, or different, and what differs.

`SAME` means that one of the files may be deleted, so it is said only where everything that the
files hold was compared: headers first, since they tell what 8-bit pixels over white do not show,
then the pixels of both at the size of the smaller one, by the filter that it was made with, then
transparency, then whether print or marks of a drawing may be lost. All that is not compared counts
as a difference. What is not the same may be similar: `imgrec.duplicates.similar`.
"""

import numpy as np
from PIL import Image

from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.file_picture import FilePicture, Headers, Size, pixels_at
from imgrec.duplicates.print_detection import has_print
from imgrec.duplicates.resampling import resampled
from imgrec.duplicates.same import FrameAnswer, same_frame
from imgrec.duplicates.similar import similar
from imgrec.duplicates.tones import tone_share
from imgrec.duplicates.windows import Pixels
from imgrec.pictures.decoding import Picture

# Longest side of the pictures in which similarity is sought.
_SIMILAR_PX = 512
# Pixels by which a side may differ from what the ratio of the other picture's sides gives.
_ROUNDING_PX = 1.0
# Scale below which print may be legible in one picture only, and a mark of a drawing or a chart
# visible in one only.
_LEAST_SCALE = 0.9
# Share of the pixels in a few tones above which a picture is drawn, and the same where its contours
# stand on even ground. Of 630 photographs 2 % are above the first; of 1,480 drawings in files of
# all qualities .3 % are below it. Boards of small tiles have contours everywhere, and at least a
# third of their pixels in a few tones even where an encoder spread them; leaves and meshes a fifth.
_DRAWN_TONES, _DRAWN_GROUND_TONES, _TILE_TONES = 0.4, 0.3, 0.24
# Difference, in multiples of the usual one, above which a changed character of print may hide in
# it: in pictures of one size, and in others.
_MOST_STRAIN = (4.6, 3.0)
# Differences, in multiples of the usual one, and the height of type at the size of the smaller
# picture above which a changed character makes a larger one.
_LEGIBLE_PX = ((0.5, 3.5), (_MOST_STRAIN[1], 7.0))
# Difference, in multiples of the usual one, that no filter explains.
_HOPELESS_STRAIN = 60.0


def compare_files(one: bytes, other: bytes) -> Comparison:
    """Return how two picture files differ.

    Args:
        one: the bytes of a file.
        other: the bytes of another.

    Raises:
        PictureError: a file cannot be decoded.
    """
    if one == other:
        return Comparison(Verdict.SAME, 1.0)
    first, second = FilePicture(one), FilePicture(other)
    hindrances = _hindrances(first.headers, second.headers)
    pictures = _decoded(first, second)
    sizes = [(picture.width, picture.height) for picture in pictures]
    if _has_one_ratio(*sizes):
        answer = _same(first, second, pictures, hindrances)
        if answer is not None:
            return answer
    return _similar(pictures, hindrances)


def _decoded(first: FilePicture, second: FilePicture) -> tuple[Picture, Picture]:
    """Return both pictures at least as large as the smaller, if they may be the same."""
    small, large = sorted((first, second), key=lambda picture: picture.area)
    sizes = small.headers.size, large.headers.size
    # One of them may be stored turned.
    if not (_has_one_ratio(*sizes) or _has_one_ratio(sizes[0], sizes[1][::-1])):
        return first.decoded(_SIMILAR_PX // 2), second.decoded(_SIMILAR_PX // 2)
    least_px = min(small.headers.size)
    return first.decoded(least_px), second.decoded(least_px)


def _hindrances(a: Headers, b: Headers) -> Difference:
    """Return what keeps two pictures from being the same, by their headers."""
    found = Difference.NONE
    if a.is_deep or b.is_deep or a.profile != b.profile:
        found |= Difference.DEPTH
    if a.is_raw or b.is_raw:
        found |= Difference.RAW
    if a.frames != 1 or b.frames != 1 or a.appended != b.appended:
        found |= Difference.FRAMES
    return found


def _has_one_ratio(a: Size, b: Size) -> bool:
    """Return True if the sides (width, height) of two pictures have one ratio but for rounding."""
    small, large = sorted((a, b), key=_area)
    return any(
        abs(small[1 - k] - large[1 - k] * small[k] / large[k]) <= _ROUNDING_PX for k in (0, 1)
    )


def _same(
    first: FilePicture,
    second: FilePicture,
    pictures: tuple[Picture, Picture],
    hindrances: Difference,
) -> Comparison | None:
    """Return how pictures differ whose pixels over white are the same; None if they are not."""
    size = min((picture.image.size for picture in pictures), key=_area)
    sizes = [(picture.width, picture.height) for picture in pictures]
    is_resized = sizes[0] != sizes[1]
    frames, answer = _compared(pictures, size)
    if not answer.is_same:
        return None
    if first.headers.has_alpha or second.headers.has_alpha:
        over_black = first.decoded(min(size), "black"), second.decoded(min(size), "black")
        black, of_black = _compared(over_black, size)
        # Of a composite over white minus one over black, the transparent share is left.
        clear = [_difference(*each) for each in zip(frames, black, strict=True)]
        if not (of_black.is_same and same_frame(*clear, is_resized=is_resized).is_same):
            hindrances |= Difference.TRANSPARENCY
    if _lacks_detail(pictures, size, answer):
        hindrances |= Difference.DETAIL
    changes = Difference.REENCODED | (Difference.RESIZED if is_resized else Difference.NONE)
    verdict = Verdict.SIMILAR if hindrances else Verdict.SAME
    return Comparison(verdict, answer.score, hindrances | changes)


def _compared(pictures: tuple[Picture, Picture], size: Size) -> tuple[list[Pixels], FrameAnswer]:
    """Return the pixels of two pictures at the size of the smaller one, and how they differ."""
    frames = [pixels_at(picture, size) for picture in pictures]
    sizes = [(picture.width, picture.height) for picture in pictures]
    is_resized = sizes[0] != sizes[1]
    answer = same_frame(frames[0], frames[1], is_resized=is_resized)
    if answer.is_same or not is_resized or answer.strain > _HOPELESS_STRAIN:
        return frames, answer
    large = int(_area(sizes[1]) > _area(sizes[0]))
    frames[large] = resampled(pictures[large], frames[large], frames[1 - large])
    return frames, same_frame(frames[0], frames[1], is_resized=True)


def _difference(white: Pixels, black: Pixels) -> Pixels:
    """Return what a composite over white has more than one over black, without wrapping."""
    return np.asarray(np.clip(white.astype(np.int16) - black, 0, 255), np.uint8)


def _lacks_detail(pictures: tuple[Picture, Picture], compared: Size, answer: FrameAnswer) -> bool:
    """Return True if pictures may differ in what the comparison could not see.

    Args:
        pictures: both, decoded.
        compared: the size at which they were compared.
        answer: of that comparison.
    """
    small, large = sorted(pictures, key=lambda picture: picture.width * picture.height)
    # The smaller one was too large to be decoded at its own size.
    if compared != (small.width, small.height):
        return True
    scale = max(compared) / max(large.width, large.height)
    if scale >= _LEAST_SCALE and answer.strain <= _MOST_STRAIN[scale < 1]:
        return False
    # A label of a few characters is no print, and decides what a drawing says.
    if _is_drawn(large, answer):
        return True
    # Where so little differs, a changed character would be seen if it is tall enough.
    legible_px = next((px for most, px in _LEGIBLE_PX if answer.strain <= most), np.inf)
    return any(
        has_print(np.asarray(image), legible_px * image.height / compared[1])
        for image in (large.image, small.image)
    )


def _is_drawn(picture: Picture, answer: FrameAnswer) -> bool:
    """Return True for a drawing, chart, board or document rather than a photograph."""
    least = _DRAWN_GROUND_TONES if answer.has_even_ground else _DRAWN_TONES
    if answer.has_contours_everywhere:
        least = _TILE_TONES
    return tone_share(picture.image) > least


def _area(size: Size) -> int:
    return size[0] * size[1]


def _similar(pictures: tuple[Picture, Picture], hindrances: Difference) -> Comparison:
    """Return how pictures that are not the same resemble each other."""
    found = similar(*(_reduced(picture) for picture in pictures))
    if found is None:
        return Comparison(Verdict.DIFFERENT)
    # Nothing was found to differ, and yet they are not the same: fine detail was lost or changed.
    differences = (found.differences | hindrances) or Difference.DETAIL
    return Comparison(Verdict.SIMILAR, found.score, differences, found.box, found.turn)


def _reduced(picture: Picture) -> Pixels:
    """Return the pixels of a picture with a longest side of at most `_SIMILAR_PX`."""
    image = picture.image
    scale = min(1.0, _SIMILAR_PX / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.BOX) if scale < 1 else image)
