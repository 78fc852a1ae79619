"""Groups of duplicates: what may go, what is kept, and what has to be looked at.

A group is a picture and what is related to it. Its first file is kept. Every file that may go was
compared directly with a kept file and is the same picture, byte for byte or by `compare_files`;
nothing is deleted over a chain of comparisons. Pictures that are only similar are kept too, each
with its own copies.

Invariant: `keep` is "no" only for a copy of a kept file, or a file that is the same as a kept one,
has no more pixels and says nothing in its metadata that the kept one does not.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from imgrec.collection import Entry, kinds
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.keep_rules import KeepRules, pixels, place
from imgrec.duplicates.looking import Looked
from imgrec.pictures.metadata_names import Datum, statements

KEPT, COPY, SAME, LINK = "kept", "copy", "same", "link"
SIMILAR = kinds.SIMILAR
YES, NO, LOOK = "yes", "no", "look"
# A file that has this many times the pixels of the kept one is not called superfluous.
_MORE_PIXELS = 1.02
IDENTICAL = Comparison(Verdict.SAME, 1.0)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group.

    Attributes:
        id: of the picture in the catalog.
        kind: `kept`; `copy`, the same bytes as the kept file; `same`, the same picture in another
            file; `link`, another name of a file listed before: a hard link, or reached over a
            symbolic link; `similar`.
        keep: `yes`, `no` (it may go), or `look`: to be decided by a person. A link has that of its
            file.
        same_as: id of the kept or similar file that it equals; its own for `kept` and `similar`.
        comparison: of the file `same_as`, first, with this one; of a `similar` file, of the first
            one of the group with this one.
    """

    id: int
    kind: str
    keep: str
    same_as: int
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Group:
    """Files that show one picture, or similar ones.

    Attributes:
        members: two or more. The one to keep comes first, then its copies and what is the same;
            then each similar picture, followed by its own.
    """

    members: tuple[Member, ...]


@dataclass(frozen=True)
class Duplicates:
    """The duplicates of a store.

    Attributes:
        groups: ordered by root and path of their first files; a picture is in one at most.
    """

    groups: tuple[Group, ...] = ()

    def members(self) -> Iterator[Member]:
        """Yield the members of all groups, in order."""
        for group in self.groups:
            yield from group.members

    def labels(self) -> dict[int, str]:
        """Return for each file that others equal, and for these, the id of the kept one as text."""
        equal = {m.same_as for m in self.members() if m.id != m.same_as}
        return {m.id: str(m.same_as) for m in self.members() if m.same_as in equal}

    def similar_labels(self) -> dict[int, str]:
        """Return for each file of a group with similar ones the id of the group's first as text."""
        return {
            member.id: str(group.members[0].id)
            for group in self.groups
            if any(member.kind == SIMILAR for member in group.members)
            for member in group.members
        }


def is_spare(member: Member) -> bool:
    """Return True for a file that may go and whose bytes are freed by that: no link of another."""
    return member.keep == NO and member.kind != LINK


@dataclass(frozen=True)
class Composer:
    """Makes groups of bundles of contents.

    Attributes:
        files: the files of each content, the best first.
        between: returns the comparison of two contents.
        looked: what the files were found to be.
        metadata: of files by id.
    """

    files: Mapping[int, Sequence[Entry]]
    between: Callable[[int, int], Comparison]
    looked: Looked
    metadata: Mapping[int, Sequence[Datum]] = field(default_factory=dict)

    def group(self, bundle: Mapping[int, Sequence[int]]) -> Group:
        """Return the group of a bundle.

        Args:
            bundle: the contents that are the same as each kept one; the first of the group first.
        """
        first = next(iter(bundle))
        members: list[Member] = []
        for kept, same in bundle.items():
            members += self._with_links(self._around(first, kept, same))
        return Group(tuple(members))

    def _around(self, first: int, kept: int, same: Sequence[int]) -> Iterator[Member]:
        """Yield a kept or similar file, and what equals it."""
        best, *copies = self.files[kept]
        if kept == first:
            yield Member(best.id, KEPT, YES, best.id, IDENTICAL)
        else:
            comparison = self.between(first, kept)
            yield self._if_there(Member(best.id, SIMILAR, LOOK, best.id, comparison))
        for entry in copies:
            yield self._if_there(Member(entry.id, COPY, NO, best.id, IDENTICAL))
        for content in same:
            comparison = self.between(kept, content)
            for entry in self.files[content]:
                yield self._if_there(self._same(best, entry, comparison))

    def _same(self, kept: Entry, entry: Entry, comparison: Comparison) -> Member:
        """Return a file that is the same picture as a kept one, and may go if nothing is lost."""
        says, known = (statements(self.metadata.get(file.id, ())) for file in (entry, kept))
        is_larger = pixels(entry) > _MORE_PIXELS * pixels(kept)
        keep = LOOK if is_larger else NO
        if not says <= known:
            keep = LOOK
            differences = comparison.differences | Difference.METADATA
            comparison = replace(comparison, differences=differences)
        return Member(entry.id, SAME, keep, kept.id, comparison)

    def _if_there(self, member: Member) -> Member:
        """Return a member, similar at most if its file is not there."""
        if member.id not in self.looked.absent:
            return member
        differences = member.comparison.differences | Difference.UNREAD
        unread = replace(member.comparison, verdict=Verdict.SIMILAR, differences=differences)
        return Member(member.id, SIMILAR, LOOK, member.id, unread)

    def _with_links(self, members: Iterable[Member]) -> Iterator[Member]:
        """Yield members, as links those that are another name of a file before them."""
        keeps: dict[Hashable, str] = {}
        for member in members:
            # A file without identity is told by its id, which is no tuple as identities are.
            identity = self.looked.identities.get(member.id, member.id)
            if identity in keeps:
                yield replace(member, kind=LINK, keep=keeps[identity])
            else:
                keeps[identity] = member.keep
                yield member


def files_by_content(
    entries: Iterable[Entry],
    content_of: Callable[[int], int],
    rules: KeepRules,
    absent: Collection[int],
    described: Mapping[int, int] | None = None,
) -> dict[int, list[Entry]]:
    """Return the files of each content, the best first, best contents first.

    Args:
        entries: the files.
        content_of: returns the content of an id.
        rules: what is best.
        absent: ids of files that are not there: after all others.
        described: number of metadata values by id, 0 where an id is absent.
    """
    rank = rules.ranking(described)
    files: dict[int, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.id in absent, rank(entry))):
        files.setdefault(content_of(entry.id), []).append(entry)
    return files


def in_order(groups: Sequence[Group], entries: Mapping[int, Entry]) -> Duplicates:
    """Return the groups by root and path of their first files."""
    return Duplicates(tuple(sorted(groups, key=lambda group: place(entries[group.members[0].id]))))
