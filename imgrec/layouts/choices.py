"""The layout methods and the size of the overview; no heavy imports, so that `--help` is quick."""

from collections.abc import Iterable

METHODS = ("umap", "tsne")

# Pictures in the overview; so many are laid out in half a minute.
OVERVIEW_SIZE = 10_000


def check_methods(methods: Iterable[str]) -> None:
    """Raise ValueError if a layout method is unknown; the message lists the known ones."""
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise ValueError(f"unknown layout {unknown[0]!r}; known: {', '.join(METHODS)}")
