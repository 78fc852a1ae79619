"""JSON files of a store that are too deep, too large, of other types, or no JSON."""

from pathlib import Path

from attack import Attack
from ground import Ground, Spoil

_FILES = (
    "store.json",
    "roots.json",
    "colors.json",
    "graph.json",
    "damaged.json",
    "serving.json",
    "classes/labels.json",
    "classes/mini/classes.json",
    "features/mini/feature.json",
    "features/mini/part-000000/part.json",
    "thumbs/part-000000/pictures.json",
    "knn/mini/kept.json",
    "communities/kept.json",
)
# Damage that is noticed, made again and not worth a line by the doctor.
_DERIVED = ("colors.json", "graph.json", "damaged.json", "serving.json", "classes/labels.json")
_SPARSE_BYTES = 20 << 30
_CONTENTS = {
    "100,000 lists deep": b"[" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "NaN": b"NaN",
    "infinite": b'{"format": 1e999, "version": 1e999, "number": 1e999}',
    "20,000 digits": b"1" * 20_000,
    "null": b"null",
    "a list of numbers": b"[1, 2, 3]",
    "a list of lists": b"[[[]], [[]]]",
    "a text": b'"../../home"',
    "an empty object": b"{}",
    "no UTF-8": b'{"format": "\xff\xfe"}',
    "lone surrogate": b'{"site": "\\ud800", "encoder": "\\ud800", "format": 1}',
    "control characters": b'{"site": "\\u001b[2J", "encoder": "\\u001b[2J", "format": 1}',
}
# In these, every value is replaced by one of each type.
_VALUES = {
    "null": None,
    "minus one": -1,
    "2**63": 2**63,
    "10**400": 10**400,
    "NaN": float("nan"),
    "text": "x" * 1000,
    "list": [[]],
    "object": {"a": {}},
    "true": True,
}


def _content(place: str, data: bytes) -> Spoil:
    def spoil(ground: Ground) -> None:
        path = ground.store / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return spoil


def _huge(place: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        path = ground.store / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(_SPARSE_BYTES)

    return spoil


def _each_value(place: str, key: str, value: object) -> Spoil:
    from signing import set_json

    return lambda ground: set_json(ground.store / place, **{key: value})


def _feature_keys() -> tuple[str, ...]:
    return ("dimensions", "kind", "weights", "version", "preprocessing", "foreign", "in_worker")


def _state(folder: str, key: str, value: object) -> Spoil:
    """Return what sets a value in the state of a kept folder, and signs it."""
    from signing import sign_kept

    def spoil(ground: Ground) -> None:
        place: Path = ground.store / folder
        sign_kept(place, lambda body: body["state"].update({key: value}))

    return spoil


_RULES = ("take", "exclude", "include")
HOSTILE_JSON = [
    *(
        Attack(f"{place}: {what}", _content(place, data), found=place not in _DERIVED)
        for place in _FILES
        for what, data in _CONTENTS.items()
    ),
    *(Attack(f"{p}: 20 GiB of NUL", _huge(p), found=p not in _DERIVED) for p in _FILES),
]
HOSTILE_VALUES = [
    *(
        Attack(
            f"feature.json: {key} is {what}",
            _each_value("features/mini/feature.json", key, value),
            found=False,
        )
        for key in _feature_keys()
        for what, value in _VALUES.items()
    ),
    *(
        Attack(f"store.json: {key} is {what}", _each_value("store.json", key, value), found=False)
        for key in (*_RULES, "format", "encoder", "follow_links", "written_by")
        for what, value in _VALUES.items()
    ),
    *(
        Attack(f"{folder}: {key} is {what}", _state(folder, key, value), found=False)
        for folder, key in {
            "knn/mini": "sources",
            "knn/mini ": "recall",
            "knn/mini  ": "method",
            "indexes/mini/kmeans-few": "fitted_on",
            "indexes/mini/hnsw": "sources",
            "communities": "method",
            "communities ": "modularity",
            "communities  ": "names",
        }.items()
        for what, value in _VALUES.items()
        for folder in [folder.strip()]
    ),
]
