"""What the routes of the service are asked: JSON objects, checked, as frozen dataclasses.

The names are those of `Recommender.query`, but for `images`, which is `pictures` here: each is a
catalog id, the token of an upload, or an object that names one of these and a box within it. Every
value has a bound, so that no request costs more than a question of a person does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imgrec.collection.filters import Filter
from imgrec.errors import WrongValueError
from imgrec.search.asked import filter_asked
from imgrec.system.file_names import text as as_bytes
from imgrec.system.json_files import a_number, a_text, one_of, problem

MOST_PICTURES = 5
MOST_TEXTS = 5
MOST_TEXT = 200
# Pictures of one answer; the next are asked for by its cursor.
MOST_ANSWERED = 500
# Pictures that a collection takes at once.
MOST_MARKED = 100_000
# Pictures that are told of at once.
MOST_NAMED = 1000
# A filter that every picture passes.
ALL = Filter()
_MOST_FILTERS = 50
_MOST_NAME = 4096
_TOKEN = a_text(64)
_ID = a_number(0, (1 << 63) - 1)
_NAME = a_text(_MOST_NAME)
_FRACTIONS = ("x", "y", "width", "height")
_LEAST_SIDE = 0.01


@dataclass(frozen=True)
class Box:
    """A part of a picture, in fractions of its upright width and height.

    Attributes:
        x: of the left edge, from 0.
        y: of the top edge, from 0.
        width: up to 1 - x.
        height: up to 1 - y.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PictureAsked:
    """A picture of a question; either `id` or `upload` is set.

    Attributes:
        id: of the catalog.
        upload: token of an uploaded picture.
        box: the part that is asked about; None for the whole.
    """

    id: int | None = None
    upload: str | None = None
    box: Box | None = None


@dataclass(frozen=True)
class SearchRequest:
    """A question of likeness, or for more of an answer.

    Attributes:
        pictures: up to `MOST_PICTURES`.
        unwanted: up to `MOST_PICTURES`.
        text: up to `MOST_TEXTS`.
        unwanted_text: up to `MOST_TEXTS`.
        k: results of this answer.
        metric: as in `Recommender.query`, like all below.
        fuse: how distances to several pictures become one.
        encoder: None for the store's default.
        features: several, with their weights.
        wanted: labels, metadata and folders.
        index: how the nearest are found.
        within: only pictures up to this distance; None for no limit.
        cursor: of an earlier answer, whose next k results are asked for; nothing else counts then.
    """

    pictures: tuple[PictureAsked, ...] = ()
    unwanted: tuple[PictureAsked, ...] = ()
    text: tuple[str, ...] = ()
    unwanted_text: tuple[str, ...] = ()
    k: int = 5
    metric: str = "cosine"
    fuse: str = "mean"
    encoder: str | None = None
    features: Mapping[str, float] | str | None = None
    wanted: Filter = ALL
    index: str = "auto"
    within: float | None = None
    cursor: str | None = None

    @classmethod
    def parse(cls, value: object) -> "SearchRequest":
        """Return the request of a JSON value.

        Raises:
            WrongValueError: it has another shape, a value is out of range, or a key is unknown.
        """
        found = _checked(value, _SEARCH)
        pictures, unwanted = (
            tuple(_picture(one) for one in found.get(key) or ()) for key in ("pictures", "unwanted")
        )
        text, unwanted_text = (_texts(found.get(key)) for key in ("text", "unwanted_text"))
        for name, images, words in (
            ("pictures", pictures, text),
            ("unwanted", unwanted, unwanted_text),
        ):
            if len(images) > MOST_PICTURES or len(words) > MOST_TEXTS:
                raise WrongValueError(f"{name}: up to {MOST_PICTURES} pictures and texts each")
        given = {
            key: found[key]
            for key in ("k", "metric", "fuse", "encoder", "features", "index", "within", "cursor")
            if found.get(key) is not None
        }
        wanted = _filter(found)
        return cls(pictures, unwanted, text, unwanted_text, wanted=wanted, **given)


@dataclass(frozen=True)
class ListRequest:
    """Pictures by filter, or more of a list.

    Attributes:
        wanted: labels, metadata and folders; an empty filter is all pictures.
        k: pictures of this answer.
        cursor: of an earlier answer; `wanted` does not count then.
    """

    wanted: Filter = ALL
    k: int = 60
    cursor: str | None = None

    @classmethod
    def parse(cls, value: object) -> "ListRequest":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        found = _checked(value, {**_FILTER, **_PAGE})
        return cls(_filter(found), found.get("k") or cls.k, found.get("cursor"))


@dataclass(frozen=True)
class FacetsRequest:
    """How many pictures have which label.

    Attributes:
        wanted: of the pictures that are counted; each kind is counted without its own filter.
        kind: only this one; None for all.
        text: of `kind`, only the values that contain it; "" for all.
    """

    wanted: Filter = ALL
    kind: str | None = None
    text: str = ""

    @classmethod
    def parse(cls, value: object) -> "FacetsRequest":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        found = _checked(value, {**_FILTER, "kind?": (None, _is_label), "text?": (None, _is_label)})
        kind, text = found.get("kind"), found.get("text") or ""
        if text and kind is None:
            raise WrongValueError("a text is looked for in the values of one kind: give `kind` too")
        return cls(_filter(found), kind, text)


@dataclass(frozen=True)
class PicturesRequest:
    """What is known of some pictures.

    Attributes:
        ids: of the catalog, up to `MOST_NAMED`.
    """

    ids: tuple[int, ...] = ()

    @classmethod
    def parse(cls, value: object) -> "PicturesRequest":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        return cls(_ids(value, MOST_NAMED))


@dataclass(frozen=True)
class MedoidsRequest:
    """Which pictures stand for many.

    Attributes:
        ids: of the catalog, up to `MOST_MARKED`.
    """

    ids: tuple[int, ...] = ()

    @classmethod
    def parse(cls, value: object) -> "MedoidsRequest":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        return cls(_ids(value, MOST_MARKED))


@dataclass(frozen=True)
class CollectionChange:
    """Pictures to add to a collection, and to take from it.

    Attributes:
        add: catalog ids.
        remove: catalog ids.
    """

    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()

    @classmethod
    def parse(cls, value: object) -> "CollectionChange":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        found = _checked(value, {"add?": [_ID], "remove?": [_ID]})
        change = cls(*(tuple(found.get(key, ())) for key in ("add", "remove")))
        if len(change.add) + len(change.remove) > MOST_MARKED:
            raise WrongValueError(f"up to {MOST_MARKED:,} pictures are taken at once")
        return change


@dataclass(frozen=True)
class CopyRequest:
    """To write the files of a collection into the folder for exports.

    Attributes:
        how: `copy`, or `link` for hard links.
    """

    how: str = "copy"

    @classmethod
    def parse(cls, value: object) -> "CopyRequest":
        """Return the request of a JSON value; see `SearchRequest.parse`."""
        return cls(**_checked(value, {"how?": one_of("copy", "link")}))


def _weights(value: object) -> bool:
    return (
        type(value) is dict
        and len(value) <= MOST_TEXTS
        and all(type(weight) in (int, float) and math.isfinite(weight) for weight in value.values())
    )


def _is_label(value: object) -> bool:
    """Return True for any text that a label or a folder may have, names that are no UTF-8 too."""
    if type(value) is not str or len(value) > _MOST_NAME or "\0" in value:
        return False
    try:
        as_bytes(value)
    except UnicodeEncodeError:
        return False
    return True


_BOX = dict.fromkeys(_FRACTIONS, float)
_PICTURE = (
    _ID,
    _TOKEN,
    {"id?": _ID, "upload?": _TOKEN, "box?": _BOX},
)
_TEXT = (None, a_text(MOST_TEXT), [a_text(MOST_TEXT)])
_PAGE = {"k?": (None, a_number(1, MOST_ANSWERED)), "cursor?": (None, _TOKEN)}
_FILTER = {
    "where?": (None, [_is_label], {str: (_is_label, [_is_label])}),
    "under?": (None, [_is_label]),
}
_SEARCH = {
    "pictures?": (None, [_PICTURE]),
    "unwanted?": (None, [_PICTURE]),
    "text?": _TEXT,
    "unwanted_text?": _TEXT,
    "metric?": (None, _TOKEN),
    "fuse?": (None, _TOKEN),
    "encoder?": (None, _NAME),
    "features?": (None, _NAME, _weights),
    "index?": (None, _TOKEN),
    "within?": (None, float),
    **_FILTER,
    **_PAGE,
}


def _checked(value: object, shape: dict[str, Any]) -> dict[str, Any]:
    wrong = problem(value, shape)
    if wrong:
        raise WrongValueError(f"the request is wrong: {wrong}")
    assert isinstance(value, dict)
    _check_keys(value, shape)
    return value


def _check_keys(value: Mapping[str, Any], shape: Mapping[str, Any]) -> None:
    known = {key.removesuffix("?") for key in shape}
    unknown = [key for key in value if key not in known]
    if unknown:
        raise WrongValueError(f"the request has a key {unknown[0][:60]!r}, which means nothing")


def _ids(value: object, most: int) -> tuple[int, ...]:
    ids = tuple(_checked(value, {"ids": [_ID]})["ids"])
    if len(ids) > most:
        raise WrongValueError(f"up to {most:,} pictures are named at once")
    return ids


def _picture(value: Any) -> PictureAsked:
    if isinstance(value, int):
        return PictureAsked(id=value)
    if isinstance(value, str):
        return PictureAsked(upload=value)
    _check_keys(value, _PICTURE[2])
    _check_keys(value.get("box", {}), _BOX)
    if ("id" in value) == ("upload" in value):
        raise WrongValueError("a picture of a question has an id or an upload: give one of them")
    box = Box(**value["box"]) if "box" in value else None
    if box is not None and not _lies_within(box):
        raise WrongValueError("a box lies within its picture: 0 to 1, from its left and its top")
    return PictureAsked(value.get("id"), value.get("upload"), box)


def _lies_within(box: Box) -> bool:
    pairs = ((box.x, box.width), (box.y, box.height))
    return all(
        start >= 0 and side >= _LEAST_SIDE and start + side <= 1.001 for start, side in pairs
    )


def _texts(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value or ()
    return tuple(text for text in texts if text.strip())


def _filter(found: Mapping[str, Any]) -> Filter:
    wanted = filter_asked(found.get("where") or (), found.get("under") or ())
    if len(wanted.where) + len(wanted.under) > _MOST_FILTERS:
        raise WrongValueError(f"up to {_MOST_FILTERS} filters are joined")
    for kind, _ in wanted.where:
        if not _is_label(kind):
            raise WrongValueError(f"{kind[:60]!r} is no kind of labels")
    return wanted
