"""The setting of a store that says whether previews are made, and what a change of it means.

Like the rules for files it is kept in the store. Previews that are there stay when it changes: they
are only added to, so that no option deletes what took hours.
"""

from imgrec.store.parts import part_numbers
from imgrec.store.store import Store


def set_previews(store: Store, side_px: int) -> list[str]:
    """Set the size of previews; return a line about those there, if that is another than before.

    Args:
        store: open for writing.
        side_px: longer side in pixels; 0 for none.
    """
    before, folder = store.preview_px, store.paths.previews
    store.set_preview_px(side_px)
    if before in (0, side_px) or not part_numbers(folder):
        return []
    if not side_px:
        return [f"previews are not made any more, and those there are not used: delete {folder}"]
    return [
        f"previews that are there keep their {before} px: delete {folder} and run imgrec index "
        f"again for {side_px} px"
    ]
