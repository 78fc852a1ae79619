"""Pictures of an answer or a list as lines of text: path, labels, metadata."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from imgrec.collection.kinds import CLASS, COMMUNITY, CONFIDENCE
from imgrec.pictures.metadata_names import in_words
from imgrec.system.file_names import printable

# Characters of the path column; a longer path moves the labels of its own line only.
_WIDEST = 80


class Described(Protocol):
    """A picture with what is known of it."""

    @property
    def path(self) -> str:
        """The path relative to its root."""
        ...

    @property
    def labels(self) -> dict[str, str]:
        """The labels by kind."""
        ...

    @property
    def community(self) -> str | None:
        """The name of the community, None for none."""
        ...

    @property
    def metadata(self) -> dict[str, Any]:
        """What the file says of itself, by name."""
        ...


class Ranked(Described, Protocol):
    """A picture with its place in an answer."""

    @property
    def rank(self) -> int:
        """The position, from 1."""
        ...

    @property
    def distance(self) -> float:
        """The distance to what was asked."""
        ...


def result_lines(results: Iterable[Ranked], *, details: bool = False) -> list[str]:
    """Return a line for each result, and one of its metadata if details are asked for."""
    lines, shown = [], list(results)
    longest = max((len(printable(result.path)) for result in shown), default=0)
    width = min(_WIDEST, longest)
    for r in shown:
        line = f"{r.rank:>3}  {r.distance:.4f}  {printable(r.path):<{width}}"
        lines.append(f"{line}  {labels_told(r.labels, r.community)}".rstrip())
        lines += detail_lines(r, details)
    return lines


def detail_lines(picture: Described, details: bool) -> list[str]:
    """Return the metadata of a picture as one line; none if not asked for, or there is none."""
    said = printable(in_words(picture.metadata)) if details else ""
    return [f"     {said}"] if said else []


def labels_told(labels: Mapping[str, str], community: str | None = None) -> str:
    """Return labels as KIND=VALUE, the confidence beside its class: "class=mask (0.31)".

    Args:
        labels: by kind.
        community: the name of the community, which stands for its label.
    """
    told = []
    for kind, value in labels.items():
        if kind == CONFIDENCE and CLASS in labels:
            continue
        if kind == COMMUNITY and community:
            told.append(printable(f"{kind}={community}"))
            continue
        beside = f" ({labels[CONFIDENCE]})" if kind == CLASS and CONFIDENCE in labels else ""
        told.append(printable(f"{kind}={value}{beside}"))
    return "  ".join(told)


def class_told(labels: Mapping[str, str]) -> str:
    """Return the class of a picture with its probability, "golden retriever 0.92"; "" for none."""
    return " ".join(filter(None, map(labels.get, (CLASS, CONFIDENCE)))) if CLASS in labels else ""
