"""Pictures for the page: previews of up to 512 px, else the thumbnails.

Those that the store keeps (`imgrec index --previews`) are taken as they are: an id stands for one
content, so they show what was compared. The others are made from the files, and only of a file that
still has the content that was compared; a file that has changed, is gone or cannot be decoded now
is shown by its thumbnail. Files with the same bytes share one preview. Decoding runs in worker
processes, and the death of one costs its picture only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imgrec.collection import Entry
from imgrec.errors import PictureError
from imgrec.pictures.decoding import decode, digest, thumbnail
from imgrec.pictures.preview_file import open_preview
from imgrec.pictures.preview_size import PREVIEW_PX
from imgrec.review.reviewed import ReviewedGroup
from imgrec.sources.opening import source_of
from imgrec.store.store import Store
from imgrec.store.thumbnails import DAMAGED
from imgrec.system.worker import beat
from imgrec.system.workers import Workers, result_or

# Groups that get previews, and distinct contents shown so in each.
GROUPS, CONTENTS = 300, 12
# Starting processes takes longer than drawing fewer.
_LEAST_FOR_WORKERS = 32
_LIMIT_S = 20.0


@dataclass(frozen=True)
class Wanted:
    """A file to draw; picklable.

    Attributes:
        root: description of its source.
        path: within the source.
        digest: of the content it must have.
        image_id: of the picture.
    """

    root: str
    path: str
    digest: str
    image_id: int


def wanted(groups: Sequence[ReviewedGroup], most: int = GROUPS) -> list[Wanted]:
    """Return the files to draw for the first groups, one of each content."""
    found: dict[str, Wanted] = {}
    for group in groups[:most]:
        contents = {member.entry.digest: member.entry for member in reversed(group)}
        for content, entry in list(reversed(contents.items()))[:CONTENTS]:
            if content is not None and content not in found:
                found[content] = _wanted(entry, content)
    return list(found.values())


def kept(store: Store, files: Sequence[Wanted]) -> dict[str, bytes]:
    """Return the WebP of each content of which the store keeps a preview that is large enough."""
    opened = store.previews()
    if opened is None or store.preview_px < PREVIEW_PX:
        return {}
    found: dict[str, bytes] = {}
    for file in files:
        webp = opened.get(file.image_id)
        if webp is not None and _is_sound(webp):
            found[file.digest] = webp
    return found


def previews(files: Sequence[Wanted], workers: int) -> Iterator[bytes | None]:
    """Yield the preview of each file as JPEG bytes, in order; None where there is none now.

    Args:
        files: to draw.
        workers: number of processes; 0 draws in this one, as does a small number of files.

    Raises:
        ImgrecError: no process can be started.
    """
    if workers == 0 or len(files) < _LEAST_FOR_WORKERS:
        yield from map(preview, files)
        return
    with Workers(workers) as processes:
        for future in processes.ahead(preview, ((file,) for file in files)):
            yield result_or(future, None)


def preview(file: Wanted) -> bytes | None:
    """Return a picture of a file of up to 512 px as JPEG bytes, None if it has changed or fails."""
    beat(None, _LIMIT_S)
    try:
        data = source_of(file.root).read(file.path)
        if digest(data) != file.digest:
            return None
        return thumbnail(decode(data, PREVIEW_PX // 2).image, PREVIEW_PX)
    except PictureError:
        return None


def _wanted(entry: Entry, content: str) -> Wanted:
    return Wanted(entry.root, entry.path, content, entry.id)


def _is_sound(webp: bytes) -> bool:
    try:
        with open_preview(webp) as image:
            image.load()
    except DAMAGED:
        return False
    return True
