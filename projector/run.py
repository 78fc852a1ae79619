"""The files of one run: what the page needs to show one set of pictures."""

from pathlib import Path

from imgrec.catalog import Ids
from imgrec.progress import progress
from imgrec.store import Store
from projector.config import Embedding
from projector.metadata import metadata_text
from projector.reduce import Reduction
from projector.sprite import build_sprite, grid_for, write_sprite
from projector.tensor import tensor_bytes

_TENSOR, _METADATA, _SPRITE = "tensor.bytes", "metadata.tsv", "sprite.webp"
_OLD_SPRITE = "sprite.jpg"  # what the sprite was before it had alpha
RUN_FILES = frozenset({_TENSOR, _METADATA, _SPRITE, _OLD_SPRITE})


def write_run(
    folder: Path, name: str, store: Store, ids: Ids, reduction: Reduction, *, quiet: bool = True
) -> Embedding:
    """Write tensor, metadata and sprite of some pictures; return their entry in the config.

    Args:
        folder: empty, where the config will be.
        name: of the tensor in the page.
        store: has the catalogue and the thumbnails.
        ids: (n,) the pictures.
        reduction: their n rows.
        quiet: no progress bar.

    Raises:
        StoreError: a picture is not in the catalogue or has no thumbnail.
        ProjectorError: a thumbnail is damaged.
    """
    catalog, grid = store.catalog, grid_for(len(ids))
    (folder / _TENSOR).write_bytes(tensor_bytes(reduction.columns))
    metadata = metadata_text(catalog.entries(ids), catalog.labels(ids))
    (folder / _METADATA).write_text(metadata, "utf-8", newline="\n")
    with progress(total=len(ids), desc="thumbnails", unit="pictures", quiet=quiet) as bar:
        sheet = build_sprite(ids, store.thumbs().get, grid, bar.update)
    write_sprite(folder / _SPRITE, sheet)
    rows, columns = reduction.columns.shape
    return Embedding(name, rows, columns, _TENSOR, _METADATA, _SPRITE, grid.cell_px)
