"""The comparison of two picture files: the same, similar, or different, and what differs.

`SAME` means that one of the files may be deleted, so it is said only where everything that the
files hold was compared: headers first, since they tell what 8-bit pixels over white do not show,
then the pixels of both at the size of the smaller one, then transparency and later frames.
Everything else is `SIMILAR` at most.
"""

from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.file_picture import FilePicture, Headers, resized
from imgrec.duplicates.same import same_frame
from imgrec.pictures.decoding import Picture

# Pixels by which sides may differ from those that the ratio of the other picture's sides gives.
_ROUNDING_PX = 1.0


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
    small, large = sorted((first, second), key=lambda picture: picture.area)
    if not _may_have_one_ratio(small.headers.size, large.headers.size):
        return _similar(first, second, hindrances)
    smaller = small.decoded(min(small.headers.size))
    larger = large.decoded(min(smaller.image.size))
    size = smaller.image.size
    if not _has_one_ratio(size, (larger.width, larger.height)):
        return _similar(first, second, hindrances)
    answer = same_frame(resized(smaller, size), resized(larger, size))
    if not answer.is_same:
        return _similar(first, second, hindrances)
    found = hindrances | _reduced(smaller)
    if (first.headers.has_alpha or second.headers.has_alpha) and not _same_over_black(
        small, large, size
    ):
        found |= Difference.TRANSPARENCY
    changes = _changes(first.headers, second.headers)
    verdict = Verdict.SIMILAR if found else Verdict.SAME
    return Comparison(verdict, answer.score, found | changes)


def _hindrances(a: Headers, b: Headers) -> Difference:
    """Return what keeps two pictures from being the same, by their headers."""
    found = Difference.NONE
    if a.is_deep or b.is_deep or a.profile != b.profile:
        found |= Difference.DEPTH
    if a.frames != b.frames or a.frames != 1 or a.appended != b.appended:
        found |= Difference.FRAMES
    return found


def _changes(a: Headers, b: Headers) -> Difference:
    """Return how pictures that are the same differ."""
    is_resized = sorted(a.size) != sorted(b.size)
    return Difference.REENCODED | (Difference.RESIZED if is_resized else Difference.NONE)


def _reduced(smaller: Picture) -> Difference:
    """Return `DETAIL` if the smaller file was too large to be decoded at its size."""
    is_whole = smaller.image.size == (smaller.width, smaller.height)
    return Difference.NONE if is_whole else Difference.DETAIL


def _may_have_one_ratio(small: tuple[int, int], large: tuple[int, int]) -> bool:
    """Return True if sizes have one ratio, as stored or with one of them turned."""
    return _has_one_ratio(small, large) or _has_one_ratio(small, large[::-1])


def _has_one_ratio(small: tuple[int, int], large: tuple[int, int]) -> bool:
    """Return True if (width, height) have one ratio but for rounding."""
    return any(
        abs(small[1 - k] - large[1 - k] * small[k] / large[k]) <= _ROUNDING_PX for k in (0, 1)
    )


def _same_over_black(small: FilePicture, large: FilePicture, size: tuple[int, int]) -> bool:
    """Return True if two pictures are the same over black too, and as transparent everywhere."""
    pairs = [
        [resized(picture.decoded(min(size), ground), size) for picture in (small, large)]
        for ground in ("white", "black")
    ]
    # Of a composite over white minus one over black, the transparent share is left.
    clear = [white - black for white, black in zip(*pairs, strict=True)]
    return same_frame(*pairs[1]).is_same and same_frame(*clear).is_same


def _similar(first: FilePicture, second: FilePicture, hindrances: Difference) -> Comparison:
    """Return how pictures that are not the same resemble each other."""
    return Comparison(Verdict.DIFFERENT, 0.0, hindrances)
