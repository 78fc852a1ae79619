"""Write the metadata of a tensor: the TSV table by which the page labels, searches and colors.

The table of the pictures is for search, so its values are whole. That of the dots is for colors,
so its columns have few values (`files.groups`). The format has no quoting. The invariant is that no
value can break a table, whatever a file is called: tabs and line breaks are escaped, empty cells
are replaced.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from imgrec.collection import Entry
from imgrec.collection.kinds import CONFIDENCE, FOLDER
from imgrec.system.file_names import printable

# The first text column, by which the page labels the points and searches.
LABEL = "label"
# Placeholder of an empty cell, on which the search of the page would fail.
NONE = "-"
OTHER = "other"
# Colors of the page's palette, which it repeats.
MAX_COLORS = 10
# What `Number` of JavaScript parses.
_NUMBER = re.compile(
    r"[+-]?(Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+",
    re.ASCII,
)


def pictures_text(
    entries: Sequence[Entry],
    points: Sequence[str],
    labels: Mapping[int, Mapping[str, str]],
) -> str:
    """Return the tab-separated table of the pictures: a header, then one line per picture.

    The columns are label, name, path, folder, size, megapixels and format, then the label kinds,
    sorted. The path is prefixed by the name of the root if there are several roots. The folder is
    the last one of the path, as in the label `folder`. The confidence is a number where every
    picture has one; no other label is.

    Args:
        entries: the pictures, in the order of the tensor's rows.
        points: the label of each point (n,).
        labels: values by id and kind.
    """
    columns = {LABEL: list(map(_as_text, points)), **_own_columns(entries)}
    for kind in sorted({kind for of_image in labels.values() for kind in of_image}):
        if kind not in columns:
            values = [labels[entry.id].get(kind, "") for entry in entries]
            numbers = kind == CONFIDENCE and _numbers(values)
            columns[kind] = values if numbers else list(map(_as_text, values))
    return table_text(columns)


def dots_text(
    entries: Sequence[Entry],
    points: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    confidence: Sequence[str],
) -> str:
    """Return the tab-separated table of the dots: a header, then one line per picture.

    The columns are label, name and path as in the table of the pictures, the groups, megapixels,
    and the confidence if every picture has one.

    Args:
        entries: the pictures, in the order of the tensor's rows.
        points: the label of each point (n,).
        groups: columns to color by (n,), from `category`, by name.
        confidence: of the class of each picture (n,), "" for none.
    """
    own = _own_columns(entries)
    columns = {LABEL: list(map(_as_text, points)), "name": own["name"], "path": own["path"]}
    columns |= {name: list(values) for name, values in groups.items()}
    columns["megapixels"] = own["megapixels"]
    if _numbers(confidence):
        columns[CONFIDENCE] = list(confidence)
    return table_text(columns)


def category(values: Iterable[str], most: int = MAX_COLORS) -> list[str]:
    """Return the values of a column as categories that the page can color by.

    Of more than `most` distinct values, the most frequent are kept, and the rest becomes
    `OTHER`. Texts that the page would parse as numbers are prefixed by #; otherwise it would show
    community 3.10 as 3.1.
    """
    column = list(values)
    text_of = {value: _as_text(_cell(value)) for value in set(column)}
    texts = [text_of[value] for value in column]
    counts = Counter(texts)
    if len(counts) <= most:
        return texts
    by_count = sorted(counts, key=lambda text: (-counts[text], text))
    frequent = {OTHER, *by_count[: most - 1]}
    return [text if text in frequent else OTHER for text in texts]


def table_text(columns: Mapping[str, Sequence[str]]) -> str:
    """Return a tab-separated table: a header, then one line per row.

    Args:
        columns: (n,) values by name, escaped here.
    """
    lines = [list(map(_cell, columns)), *zip(*map(_cells, columns.values()), strict=True)]
    return "".join(["\t".join(line) + "\n" for line in lines])


def _cells(values: Sequence[str]) -> list[str]:
    # Most columns repeat few values.
    cell_of = {value: _cell(value) for value in set(values)}
    return [cell_of[value] for value in values]


def _own_columns(entries: Sequence[Entry]) -> dict[str, list[str]]:
    several_roots = len({entry.root for entry in entries}) > 1
    return {
        "name": [entry.path.rpartition("/")[2] for entry in entries],
        "path": [_path(entry, several_roots) for entry in entries],
        FOLDER: [_as_text(folder_name(entry)) for entry in entries],
        "size": [f"{entry.width}x{entry.height}" for entry in entries],
        "megapixels": [f"{_pixels(entry) / 1e6:.3g}" for entry in entries],
        "format": [entry.format or "" for entry in entries],
    }


def _numbers(values: Iterable[str]) -> bool:
    return all(map(_NUMBER.fullmatch, values))


def _pixels(entry: Entry) -> int:
    return (entry.width or 0) * (entry.height or 0)


def _path(entry: Entry, with_root: bool) -> str:
    return f"{_last_name(entry.root)}/{entry.path}" if with_root else entry.path


def folder_name(entry: Entry) -> str:
    """Return the name of the folder that contains a picture, as in the label `folder`."""
    return _last_name(entry.path.rpartition("/")[0]) or _last_name(entry.root)


# Pictures of one folder follow each other.
@lru_cache(maxsize=1024)
def _last_name(path: str) -> str:
    return PurePosixPath(path).name


def _as_text(value: str) -> str:
    """Return a value that the page does not parse as a number."""
    cell = _cell(value)
    return f"#{cell}" if _NUMBER.fullmatch(cell) else value


def _cell(value: str) -> str:
    return printable(value).strip() or NONE
