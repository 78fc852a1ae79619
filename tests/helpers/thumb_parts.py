"""Parts of thumbnails, written as indexing does; tests and benches make stores of them."""

from collections.abc import Sequence
from pathlib import Path

from imgrec.collection import Ids
from imgrec.store.parts import write_part
from imgrec.store.thumbnails import thumb_files


def write_thumbs(
    folder: Path, number: int, ids: Ids, thumbs: Sequence[bytes], origins: bytes | None = None
) -> None:
    """Write a part of thumbnails: JPEGs of ids, and the content of `pictures.json` if there is one.

    Args:
        folder: of the parts.
        number: of the new part.
        ids: (m,) ascending.
        thumbs: the m JPEGs.
        origins: the content of `pictures.json`; None for none.
    """
    write_part(folder, number, thumb_files(ids, thumbs, origins))
