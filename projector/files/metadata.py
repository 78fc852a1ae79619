"""Write the metadata of a tensor: the TSV table by which the page labels, searches and colors.

The format has no quoting. The invariant is that no value can break the table, whatever a file is
called: tabs and line breaks are escaped, empty cells are replaced.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, CONFIDENCE, FOLDER
from imgrec.system.file_names import printable

# The first text column, by which the page labels the points.
LABEL = "name"
# Placeholder of an empty cell, on which the search of the page would fail.
NONE = "-"
OTHER = "other"
# Most distinct texts of a column that the page can color by.
MAX_VALUES = 50
# Its palette has ten colors and repeats them: of many classes, as many as are told apart.
MAX_CLASSES = 10
# What `Number` of JavaScript parses.
_NUMBER = re.compile(
    r"[+-]?(Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+",
    re.ASCII,
)


def metadata_text(
    entries: Sequence[Entry],
    labels: Mapping[int, Mapping[str, str]],
    texts: Collection[str] = (),
) -> str:
    """Return the tab-separated table of some pictures: a header, then one line per picture.

    The columns are name, path, folder, size, megapixels and format, then the label kinds, sorted.
    The path is prefixed by the name of the root if there are several roots. The folder is the last
    one of the path, as in the label `folder`. Folder, format and labels are categories, see
    `category`; the confidence is a number where every picture has one. Classes are at most
    `MAX_CLASSES` categories.

    Args:
        entries: the pictures, in the order of the tensor's rows.
        labels: values by id and kind.
        texts: kinds to search for, not to color by; their values are written as they are.
    """
    columns = _own_columns(entries)
    for kind in sorted({kind for of_image in labels.values() for kind in of_image}):
        if kind not in columns:
            values = [labels[e.id].get(kind, "") for e in entries]
            numbers = kind == CONFIDENCE and all(map(_NUMBER.fullmatch, values))
            most = MAX_CLASSES if kind == CLASS else MAX_VALUES
            columns[kind] = values if numbers or kind in texts else category(values, most)
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    return "".join("\t".join(map(_cell, line)) + "\n" for line in lines)


def category(values: Iterable[str], most: int = MAX_VALUES) -> list[str]:
    """Return the values of a column as categories that the page can color by.

    Of more than `most` distinct values, the most frequent are kept, and the rest becomes
    `OTHER`. Texts that the page would parse as numbers are prefixed by #; otherwise it would show
    community 3.10 as 3.1.
    """
    texts = [_as_text(_cell(value)) for value in values]
    counts = Counter(texts)
    if len(counts) <= most:
        return texts
    by_count = sorted(counts, key=lambda text: (-counts[text], text))
    frequent = {OTHER, *by_count[: most - 1]}
    return [text if text in frequent else OTHER for text in texts]


def _own_columns(entries: Sequence[Entry]) -> dict[str, list[str]]:
    several_roots = len({entry.root for entry in entries}) > 1
    return {
        "name": [PurePosixPath(entry.path).name for entry in entries],
        "path": [_path(entry, several_roots) for entry in entries],
        FOLDER: category(folder_name(entry) for entry in entries),
        "size": [f"{entry.width}x{entry.height}" for entry in entries],
        "megapixels": [f"{_pixels(entry) / 1e6:.3g}" for entry in entries],
        "format": category(entry.format or "" for entry in entries),
    }


def _pixels(entry: Entry) -> int:
    return (entry.width or 0) * (entry.height or 0)


def _path(entry: Entry, with_root: bool) -> str:
    return f"{PurePosixPath(entry.root).name}/{entry.path}" if with_root else entry.path


def folder_name(entry: Entry) -> str:
    """Return the name of the folder that contains a picture, as in the label `folder`."""
    return PurePosixPath(entry.path).parent.name or PurePosixPath(entry.root).name


def _as_text(value: str) -> str:
    return f"#{value}" if _NUMBER.fullmatch(value) else value


def _cell(value: str) -> str:
    return printable(value).strip() or NONE
