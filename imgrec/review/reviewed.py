"""Groups of duplicates joined with the catalog: what the table, the lists and the page all show.

`imgrec.duplicates` decides by ids. People decide by files, so each member gets its row of the
catalog, that of the file it equals, and words for what differs. Invariant: nothing in a review
depends on ids. Two stores of one folder give the same groups in the same order, whatever ids their
pictures have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from imgrec.collection import Catalog, Entry
from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.comparison import Comparison
from imgrec.duplicates.groups import LINK, LOOK, NO, Duplicates, Member
from imgrec.duplicates.keep_rules import place
from imgrec.pictures.metadata_names import TAKEN, Datum
from imgrec.review.words import difference_words
from imgrec.system.text import counted, size_text


@dataclass(frozen=True)
class Reviewed:
    """A file of a group.

    Attributes:
        entry: its row in the catalog.
        kind: `kept`; `copy` (the same bytes as the kept file), `same`, `link` (another name of the
            same file) or `similar`.
        keep: `yes`; `no`: nothing but compression is lost with it; or `look` first.
        kept: the row of the kept file that it equals; its own if it is kept or similar.
        comparison: of that file with this one; of a similar one, of the first of the group.
        differs: what differs, in words; "" for a kept file.
        metadata: what the file says of itself.
    """

    entry: Entry
    kind: str
    keep: str
    kept: Entry
    comparison: Comparison
    differs: str
    metadata: tuple[Datum, ...] = ()

    @property
    def taken(self) -> str:
        """When it was taken, ISO 8601 by the clock of the camera; "" where that is unknown."""
        return next((datum.value for datum in self.metadata if datum.name == TAKEN), "")


ReviewedGroup = tuple[Reviewed, ...]


@dataclass(frozen=True)
class Counts:
    """What is in some groups.

    Attributes:
        groups: how many.
        pictures: files in them.
        same: files to go: copies and the same pictures in other files.
        look: files to look at first.
        links: further names of a file, which take no space.
        spare_bytes: of the files to go.
    """

    groups: int
    pictures: int
    same: int
    look: int
    links: int
    spare_bytes: int

    def line(self) -> str:
        """Return the counts as one line of text."""
        if not self.groups:
            return "no duplicates found"
        parts = [
            f"{counted(self.same, 'file')} could go ({size_text(self.spare_bytes)})",
            f"{counted(self.look, 'file')} to look at first",
        ]
        if self.links:
            parts.append(f"{counted(self.links, 'link')}, not counted")
        groups = f"{counted(self.groups, 'group')} of {counted(self.pictures, 'file')}"
        return f"{groups}: {', '.join(parts)}"


def reviewed(found: Duplicates, catalog: Catalog) -> tuple[ReviewedGroup, ...]:
    """Return the groups with the rows of their files, ordered by the path of their first file.

    Raises:
        StoreError: a picture is not in the catalog any more.
    """
    ids = {member.id for group in found.groups for member in group.members}
    entries = {entry.id: entry for entry in catalog.entries(sorted(ids))}
    metadata = catalog.metadata.of(sorted(ids))
    groups = [
        tuple(_reviewed(member, group.members[0], entries, metadata) for member in group.members)
        for group in found.groups
    ]
    return tuple(sorted(groups, key=lambda group: place(group[0].entry)))


def counts(groups: Sequence[ReviewedGroup]) -> Counts:
    """Return what is in some groups. A link is no file of its own, so that it frees no space."""
    members = list(chain.from_iterable(groups))
    files = [member for member in members if member.kind != LINK]
    going = [member for member in files if member.keep == NO]
    return Counts(
        groups=len(groups),
        pictures=len(members),
        same=len(going),
        look=sum(member.keep == LOOK for member in files),
        links=len(members) - len(files),
        spare_bytes=sum(member.entry.size for member in going),
    )


def going(groups: Sequence[ReviewedGroup]) -> list[Reviewed]:
    """Return the files that nothing is lost with, links to them too, group by group."""
    return [member for group in groups for member in group if member.keep == NO]


def _reviewed(
    member: Member,
    first: Member,
    entries: Mapping[int, Entry],
    metadata: Mapping[int, tuple[Datum, ...]],
) -> Reviewed:
    entry, kept = entries[member.id], entries[member.same_as]
    other = entries[first.id] if member.kind == SIMILAR else kept
    words = difference_words(member.kind, member.comparison, other, entry)
    data = metadata.get(member.id, ())
    return Reviewed(entry, member.kind, member.keep, kept, member.comparison, words, data)
