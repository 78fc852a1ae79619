"""Which file of a group is kept: rules that a user orders, then the path.

A rule gives each file a number, and the least is kept; where files tie, the next rule decides.
Before all rules comes the place: a file in a trash, preview or cache folder is kept only where the
group has no other. After all of them come the root and the path, so the order never depends on
ids: two stores of one folder keep the same files.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imgrec.collection import Catalog, Entry
from imgrec.collection.filters import check_folder
from imgrec.errors import WrongValueError
from imgrec.sources.opening import locations_of, source_at, source_of
from imgrec.sources.place_kinds import place_kind
from imgrec.system.argument_types import TEXTS, check_type
from imgrec.system.file_names import composed, printable
from imgrec.system.suggestions import did_you_mean

Rank = tuple[float | int | str, ...]
_IN = "in:"
# By the file and its number of metadata values.
_RANKS: dict[str, Callable[[Entry, int], Rank]] = {
    # A picture saved again without loss has more bytes than its original, but no metadata.
    "largest": lambda entry, described: (-pixels(entry), -described, -entry.size),
    "oldest": lambda entry, _: (entry.mtime_ns,),
    "newest": lambda entry, _: (-entry.mtime_ns,),
}
# A comma ends a rule only before another one, since the name of a folder may contain commas.
_COMMA = re.compile(rf",(?=\s*(?:(?:{'|'.join(_RANKS)})\s*(?:,|$)|{_IN}))")


@dataclass(frozen=True)
class KeepRules:
    """An order of preference among the files of a group.

    Attributes:
        rules: `largest` (pixels, then metadata values, then bytes), `oldest` and `newest` (by the
            time of the file), and `in:FOLDER` (a path on the disk, or relative to a root).
            `largest` and `oldest` follow where they are not named.
    """

    rules: tuple[str, ...] = ("largest", "oldest")

    def __post_init__(self) -> None:
        check_type("rules", self.rules, TEXTS)
        for rule in self.rules:
            if rule not in _RANKS and not rule.startswith(_IN):
                meant = did_you_mean(rule, _RANKS)
                raise WrongValueError(
                    f"{printable(rule)!r} is no rule for what to keep: {meant}"
                    f"{' ' if meant else ''}give "
                    f"{', '.join(_RANKS)} or in:FOLDER, several separated by commas"
                )
            if rule == _IN:
                raise WrongValueError("in: names no folder: write in:FOLDER")

    @classmethod
    def parse(cls, text: str) -> "KeepRules":
        """Return the rules of a text such as `in:Album,oldest`.

        Raises:
            WrongValueError: a rule is unknown, or `in:` names no folder.
        """
        return cls(tuple(rule.strip() for rule in _COMMA.split(text)))

    def __str__(self) -> str:
        return ",".join(self.rules)

    def check(self, catalog: Catalog) -> None:
        """Check that each folder named holds pictures: a misspelled one would decide nothing.

        Raises:
            WrongValueError: no ok picture lies in a folder.
        """
        for rule in self.rules:
            if rule.startswith(_IN):
                check_folder(catalog, rule.removeprefix(_IN), f"--keep {printable(rule)}")

    def ranking(self, described: Mapping[int, int] | None = None) -> Callable[[Entry], Rank]:
        """Return a function from a file to its sort key: the least of a group is kept.

        Args:
            described: number of metadata values by id, 0 where an id is absent.
        """
        known = described or {}
        chosen = dict.fromkeys((*self.rules, "largest", "oldest"))
        ranks = [_RANKS.get(rule) or _in_folder(rule.removeprefix(_IN)) for rule in chosen]

        def rank(entry: Entry) -> Rank:
            aside = place_kind(entry.path) is not None
            values = (value for rank in ranks for value in rank(entry, known.get(entry.id, 0)))
            return (aside, *values, *place(entry))

        return rank


def place(entry: Entry) -> tuple[str, str]:
    """Return the root and path of a file: the order of groups, and of files that tie."""
    return entry.root, entry.path


def pixels(entry: Entry) -> int:
    """Return the number of pixels of a picture, 0 where it is unknown."""
    return (entry.width or 0) * (entry.height or 0)


def _in_folder(folder: str) -> Callable[[Entry, int], Rank]:
    """Return the rank by a folder: relative to a root, or a place that a user names."""
    relative = f"{composed(posixpath.normpath(folder))}/"
    sources = [source_of(text) for text in (source_at(folder).description, *locations_of(folder))]

    def rank(entry: Entry, _: int) -> Rank:
        below_root = composed(entry.path).startswith(relative)
        return (not below_root and all(s.path_of(entry.location) is None for s in sources),)

    return rank
