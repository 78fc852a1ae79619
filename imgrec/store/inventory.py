"""The inventory of a store: counts of pictures, features, labels and roots, as text and JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from shlex import quote
from typing import Any

from imgrec.collection.totals import RootTotal
from imgrec.sources.opening import source_of
from imgrec.sources.rules import Rules
from imgrec.store.store import Store
from imgrec.system.file_names import valid
from imgrec.system.text import counted, size_text


@dataclass(frozen=True)
class Inventory:
    """Counts of what a store holds.

    Attributes:
        counts: pictures by status.
        failures: failed pictures by reason, the most frequent first.
        warnings: number of ok pictures that have a warning about their file.
        formats: ok pictures by file format, the most frequent first.
        file_bytes: total size of the files of the ok pictures.
        pixels: total pixels of the ok pictures.
        features: {name: (number of ok pictures that have a vector, d)}.
        labels: number of ok pictures that have a label, by kind.
        metadata: number of ok pictures whose file says something of itself, by name.
        roots: the totals of each root.
        offline: {root: why it cannot be read now}.
        rules: which files below the roots belong to the collection.
    """

    counts: Mapping[str, int]
    failures: Mapping[str, int]
    warnings: int
    formats: Mapping[str, int]
    file_bytes: int
    pixels: int
    features: Mapping[str, tuple[int, int]]
    labels: Mapping[str, int]
    metadata: Mapping[str, int]
    roots: tuple[RootTotal, ...]
    offline: Mapping[str, str]
    rules: Rules = field(default_factory=Rules)


def inventory_of(store: Store) -> Inventory:
    """Return the inventory of a store.

    Raises:
        StoreError: a part of a feature is damaged.
    """
    totals = store.catalog.totals
    features = {name: store.feature(name) for name in store.feature_names()}
    roots = tuple(totals.roots())
    found = {root.path: source_of(root.path).why_offline() for root in roots if root.pictures}
    size, pixels = totals.sizes()
    return Inventory(
        counts=totals.counts(),
        failures=totals.failures(),
        warnings=totals.warnings(),
        formats=totals.formats(),
        file_bytes=size,
        pixels=pixels,
        features={name: (len(made), made.dimensions) for name, made in features.items()},
        labels=totals.labels(),
        metadata=store.catalog.metadata.counts(),
        roots=roots,
        offline={root: why for root, why in found.items() if why},
        rules=store.rules,
    )


def summary_lines(
    counts: Mapping[str, int], failures: Mapping[str, int], formats: Mapping[str, int]
) -> list[str]:
    """Return three lines of text: pictures by status, failures by reason, pictures by format."""
    ok = counts["ok"]
    left_out = f", {counts['left-out']:,} left out" if counts["left-out"] else ""
    unread = f", {counts['new']:,} not read" if counts["new"] else ""
    return [
        f"{ok:,} picture{'' if ok == 1 else 's'}, {counts['failed']:,} failed, "
        f"{counts['missing']:,} missing{left_out}{unread}",
        f"failed: {_listed(failures) or 'none'}",
        f"formats: {_listed(formats) or 'none'}",
    ]


def described(found: Inventory) -> list[str]:
    """Return an inventory as lines of text, the first three as `summary_lines`."""
    made = [f"{name} ({d}) of {rows:,}" for name, (rows, d) in found.features.items()]
    labels = [f"{kind} {count:,}" for kind, count in found.labels.items()]
    metadata = [f"{name} {count:,}" for name, count in found.metadata.items()]
    return [
        *summary_lines(found.counts, found.failures, found.formats),
        f"sizes: {size_text(found.file_bytes)}, {found.pixels / 1e6:,.1f} megapixels",
        f"features: {', '.join(made) or 'none'}",
        f"labels: {', '.join(labels) or 'none'}",
        f"metadata: {', '.join(metadata) or 'none'}",
        *([_warnings(found.warnings)] if found.warnings else []),
        *_rules(found.rules),
        *(f"root: {line}" for line in _roots(found)),
    ]


def as_json(found: Inventory) -> dict[str, Any]:
    """Return an inventory as a JSON object."""
    features = {n: {"rows": rows, "dimensions": d} for n, (rows, d) in found.features.items()}
    roots = [
        {**asdict(root), "path": valid(root.path), "offline": found.offline.get(root.path)}
        for root in found.roots
    ]
    return {
        "pictures": dict(found.counts),
        "failures": dict(found.failures),
        "warnings": found.warnings,
        "formats": dict(found.formats),
        "bytes": found.file_bytes,
        "pixels": found.pixels,
        "features": features,
        "labels": dict(found.labels),
        "metadata": dict(found.metadata),
        "roots": roots,
        "rules": {
            "take": sorted(found.rules.take),
            "exclude": list(map(valid, found.rules.exclude)),
            "include": list(map(valid, found.rules.include)),
        },
    }


def _warnings(count: int) -> str:
    return f"warnings: {count:,}, of files that were read all the same (imgrec catalog --warnings)"


def _rules(rules: Rules) -> list[str]:
    """Return the rules as the options that give them; none for those of a new store."""
    options = {"take": sorted(rules.take), "exclude": rules.exclude, "include": rules.include}
    given = [f"--{name} {quote(text)}" for name, texts in options.items() for text in texts]
    return [f"rules: {' '.join(given)}"] if given else []


def _roots(found: Inventory) -> Iterator[str]:
    for root in found.roots:
        missing = f", {root.missing:,} missing" if root.missing else ""
        left_out = f", {root.left_out:,} left out" if root.left_out else ""
        offline = ", offline" if root.path in found.offline else ""
        yield f"{root.path}: {counted(root.pictures, 'picture')}{missing}{left_out}{offline}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())
