"""The previews of a store: larger pictures for pages, where they were asked for.

    previews/part-000000/
        ids.npy, offsets.npy    as of thumbnails (`imgrec.store.thumbnails`)
        previews.bin            the WebPs end to end

They are made in the pass that reads a picture anyway, and never needed: whoever shows a picture has
its thumbnail. So a store may have none, and a picture may lack one. A preview is handed out only if
its header is that of a small plain WebP, because it is copied to where browsers open it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.pictures.preview_file import preview_size
from imgrec.store.thumbnails import ThumbStore, thumb_files

PREVIEWS_FILE = "previews.bin"


def preview_files(ids: Ids, previews: Sequence[bytes]) -> dict[str, NDArray[Any] | bytes]:
    """Return the files of a part of previews by name.

    Args:
        ids: (m,) ascending.
        previews: the m WebPs.
    """
    return thumb_files(ids, previews, file=PREVIEWS_FILE)


class PreviewStore:
    """Reads the previews of a store from memory-mapped files.

    Attributes:
        ids: (n,) of the pictures that have one, ascending.
    """

    def __init__(self, kept: ThumbStore) -> None:
        self._kept = kept
        self.ids: Ids = kept.ids

    @classmethod
    def open(cls, folder: Path) -> "PreviewStore":
        """Open the parts of a folder, which may be absent.

        Raises:
            StoreError: a part is damaged; the message names it.
        """
        return cls(ThumbStore.open(folder, PREVIEWS_FILE))

    def get(self, image_id: int) -> bytes | None:
        """Return the WebP of a picture; None if it has none, or what is kept is no preview."""
        webp = self._kept.find(image_id)
        if webp is None:
            return None
        try:
            preview_size(webp)
        except ValueError:
            return None
        return webp
