"""Find the duplicates of a store: files that may go, because a kept file is the same picture."""

from collections.abc import Hashable, Iterable
from itertools import chain

from imgrec.collection import Entry
from imgrec.duplicates.groups import IDENTICAL, Composer, Duplicates, files_by_content, in_order
from imgrec.duplicates.keep_rules import KeepRules
from imgrec.errors import PictureError
from imgrec.sources.opening import source_of
from imgrec.store.store import Store


def find_duplicates(
    store: Store,
    rules: KeepRules | None = None,
    *,
    encoder: str | None = None,
    workers: int | None = None,
    quiet: bool = True,
) -> Duplicates:
    """Return the duplicates among the ok pictures of a store.

    Args:
        store: an open store.
        rules: which file of a group is kept; by default the largest, then the oldest.
        encoder: the feature whose nearest neighbors are compared; by default those of `mini` and
            `lite0` that the store has.
        workers: processes that compare files; 0 for this process alone, None for one per core.
        quiet: show no progress bar.

    Raises:
        StoreError: there is no such feature, or a thumbnail is absent or damaged.
    """
    copies = store.catalog.copies()
    contents = {image_id: content for content, ids in copies.items() for image_id in ids}
    entries = store.catalog.entries(chain.from_iterable(copies.values()))
    files = files_by_content(entries, contents, rules or KeepRules())
    composer = Composer(files, lambda one, other: IDENTICAL, identities_of(entries))
    groups = [composer.group({content: ()}) for content in files]
    return in_order(groups, {entry.id: entry for entry in entries})


def identities_of(entries: Iterable[Entry]) -> dict[int, Hashable]:
    """Return by id what all names of a file have in common, of the files that are there."""
    found: dict[int, Hashable] = {}
    for entry in entries:
        try:
            identity = source_of(entry.root).file_identity(entry.path)
        except PictureError:
            continue
        if identity is not None:
            found[entry.id] = identity
    return found
