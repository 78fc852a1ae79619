"""Copy the previews of a store into a site, from which its pages load them one by one.

    previews/12/12345.webp     a thousand pictures a folder, by id

A page says that it has previews only if each picture that it can show large has one, so that no
page asks for a file that is absent. Without them it shows the original files, or thumbnails.
"""

from collections.abc import Iterable
from pathlib import Path

from graph.addresses import preview_file
from imgrec.collection import Ids
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import PREVIEWS

# Files of a site are listed in its marker, whose size is limited.
MOST_PREVIEWS = 500_000


def write_previews(store: Store, folder: Path, ids: Ids, *, quiet: bool = True) -> list[str]:
    """Write the previews of some pictures that the store has; return warnings.

    Args:
        store: open.
        folder: of the site.
        ids: of the pictures.
        quiet: show no progress bar.

    Raises:
        StoreError: a part of the previews is damaged.
        OSError: they cannot be written.
    """
    kept = store.previews()
    if kept is None:
        return []
    if len(ids) > MOST_PREVIEWS:
        return [f"previews are left out: a site has those of {MOST_PREVIEWS:,} pictures at most"]
    for image_id in progress(PREVIEWS, ids.tolist(), unit="pictures", quiet=quiet):
        webp = kept.get(image_id)
        if webp is not None:
            file = folder / preview_file(image_id)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(webp)
    return []


def has_previews(folder: Path, ids: Iterable[int]) -> bool:
    """Return True if a site has a preview of each of some pictures."""
    return all((folder / preview_file(image_id)).is_file() for image_id in ids)
