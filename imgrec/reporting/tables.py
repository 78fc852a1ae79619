"""Tables of pictures as CSV beside the report, one picture a row, for scripts and spreadsheets.

A table holds no ids: two stores of one folder give the same table.
"""

from collections.abc import Iterable, Mapping, Sequence

from imgrec.collection import Catalog
from imgrec.system.csv_cells import cell, csv_text

# How every table of pictures begins.
PLACE = ("rank", "path", "root")


def picture_table(
    catalog: Catalog,
    ids: Iterable[int],
    columns: Mapping[str, Sequence[object]],
) -> str:
    """Return a table of pictures as CSV text: rank, path and root of each, then other columns.

    Args:
        catalog: of the pictures.
        ids: (m,) in order.
        columns: by name, the values (m,); texts may come from anywhere.
    """
    entries = catalog.entries(ids)
    rows = [
        [rank, cell(entry.path), cell(entry.root), *map(_shown, values)]
        for rank, (entry, *values) in enumerate(zip(entries, *columns.values(), strict=True), 1)
    ]
    return csv_text([*PLACE, *columns], rows)


def _shown(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4f}"
    return cell(value) if isinstance(value, str) else value
