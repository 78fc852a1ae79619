"""What the arguments of `Recommender.query` mean: one or several pictures, texts, and a filter.

A single picture or text may stand where a list may: `query("a.jpg", where={"folder": "fruit"})`.
Whatever else is given is refused here, with the name of the argument.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from imgrec.collection.filters import Filter
from imgrec.errors import WrongTypeError, WrongValueError
from imgrec.search.query_pictures import Asked, Decoded, FileBytes, is_image
from imgrec.system.argument_types import described

Where = Sequence[str] | str | Mapping[str, object]
Under = Sequence[str | Path] | str | Path
# Text, as `Asked` is.
Pictures: TypeAlias = "Sequence[Asked] | NDArray[np.integer] | Asked"
Texts = Sequence[str] | str

_ONE = (str, Path, int, np.integer, FileBytes, Decoded, bytes)
_PICTURE = "a path, an id, a PIL image, an array (h, w, 3), or the bytes of a file"


@dataclass(frozen=True)
class Wish:
    """The arguments of a question, but for what is compared.

    Attributes:
        pictures: that results should be like.
        unwanted: pictures that they should not be like.
        texts: that say what they should show.
        unwanted_texts: that say what they should not show.
        wanted: labels, metadata and folders.
        fuse: how distances to several queries become one.
        index: how the nearest are found.
        k: number of results.
    """

    pictures: list[Asked]
    unwanted: list[Asked]
    texts: list[str]
    unwanted_texts: list[str]
    wanted: Filter
    fuse: str
    index: str
    k: int


def pictures_asked(name: str, value: object) -> list[Asked]:
    """Return the pictures of an argument: one, or a sequence of them.

    Args:
        name: of the argument.
        value: as given; an array (n, h, w, 3) is n pictures, one of whole numbers (n,) n ids.

    Raises:
        WrongTypeError: it is no picture and no sequence of pictures.
    """
    return [_picture(one) for one in _several(name, value, _is_picture, _PICTURE)]


def texts_asked(name: str, value: object) -> list[str]:
    """Return the texts of an argument: one, or a sequence of them.

    Raises:
        WrongTypeError: it is no text and no sequence of texts.
    """
    found = _several(name, value, lambda one: isinstance(one, str), "a text")
    return [str(one) for one in found]


def filter_asked(where: object, under: object) -> Filter:
    """Return the filter of the arguments `where` and `under`.

    Args:
        where: `"folder=fruit"`, a sequence of such texts, or a mapping of kinds to values, each a
            text, a number or a sequence of these: any of them.
        under: a folder or a sequence of folders.

    Raises:
        WrongTypeError: one is of another type.
        ImgrecError: a kind, a value or a folder is empty.
    """
    folders = [
        str(one)
        for one in _several("under", under, lambda one: isinstance(one, str | Path), "a folder")
    ]
    if not isinstance(where, Mapping):
        return Filter.parse(texts_asked("where", where), folders)
    pairs = tuple(_pairs(where))
    return Filter(pairs, Filter.parse((), folders).under)


def _pairs(where: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for kind, value in where.items():
        if not isinstance(kind, str):
            raise WrongTypeError(f"where has the key {described(kind)}: give the name of a label")
        values = _several(f"where[{kind!r}]", value, _is_value, "a text or a number")
        if not kind or not all(str(one) for one in values):
            raise WrongValueError(
                f"where has {kind!r}: {value!r}, which is empty: give a kind and a value"
            )
        yield from ((kind, str(one)) for one in values)


def _several(name: str, value: object, is_one: Callable[[object], bool], what: str) -> list[object]:
    """Return the items of an argument, or the one that stands alone.

    Raises:
        WrongTypeError: the value, or an item, is nothing of the kind.
    """
    if type(value) is tuple and not value:
        return []
    if is_one(value):
        return [value]
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if not is_list and not (isinstance(value, np.ndarray) and value.ndim):
        raise WrongTypeError(f"{name} is {described(value)}: give {what}, or a list of them")
    items: list[object] = list(value)  # type: ignore[call-overload]
    for place, item in enumerate(items):
        if not (is_one(item) or isinstance(item, np.ndarray)):
            raise WrongTypeError(f"{name}[{place}] is {described(item)}: give {what}")
    return items


def _is_picture(value: object) -> bool:
    if isinstance(value, np.ndarray):
        # A row of whole numbers is a list of ids, a block of four dimensions a list of pictures.
        return value.ndim in (2, 3)
    return (isinstance(value, _ONE) and not isinstance(value, bool)) or is_image(value)


def _is_value(value: object) -> bool:
    return isinstance(value, str | Integral | Real) and not isinstance(value, bool)


def _picture(value: object) -> Asked:
    if isinstance(value, bytes):
        return FileBytes(f"{len(value):,} bytes", value)
    return value  # type: ignore[return-value]
