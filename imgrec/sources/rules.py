"""The rules that say which files below a root belong to the collection, by their path.

A file is left out for one of these reasons:

    a kind      a name on its path says that no picture of a collection is there
                (`imgrec.sources.place_kinds`), and the rules do not take this kind
    excluded    a glob of `exclude` names it, or a folder that it lies in

A glob of `include` makes exceptions of both, for a file or for all of a folder. A part of it that
begins with a wildcard matches no name that has a kind, as `*` of a shell matches no name with a dot
in front: `--include '*.png'` takes back what `--exclude` left out, but no thumbnails; `--include
.scans` takes one hidden folder. So the rules do not depend on the order in which they are given.

Rules are followed from the root down, one name a step, so that a walk asks once a folder:

    top() ── enter(name) ──▶ Below ── enter(name) ──▶ Below ── reason(name) ──▶ why, or None

Invariant: what a walk leaves out by steps is what `reason_of` says of the whole path, so that a
source without folders, such as an object store, leaves out the same.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from imgrec.errors import WrongValueError
from imgrec.sources.globs import DEAD, Glob, State, comparable, glob_of
from imgrec.sources.place_kinds import PLACE_KINDS, file_kind, folder_kind

EXCLUDED = "excluded"
RAW_PAIRS = "raw-pairs"
# What `take` may name, in the order in which it is named to a user.
TAKEN_KINDS = (*PLACE_KINDS, RAW_PAIRS)
MAX_GLOBS = 100


class Below(NamedTuple):
    """What the rules know of a folder.

    Attributes:
        name: of the folder; "" for the root.
        kind: the kind that leaves out what is below, unless a glob includes it; None for none.
        excluded: a glob excluded the folder, or one that it lies in.
        included: the glob that included the folder, or one that it lies in; "" for none.
        excludes: the state of each glob of `exclude`.
        includes: the state of each glob of `include`.
    """

    name: str
    kind: str | None
    excluded: bool
    included: str
    excludes: tuple[State, ...]
    includes: tuple[State, ...]

    @property
    def reason(self) -> str | None:
        """Why the files of the folder are left out; None where they are not."""
        return self.kind or (EXCLUDED if self.excluded and not self.included else None)

    @property
    def is_closed(self) -> bool:
        """True if nothing below can be taken: what is left out is not taken back any more."""
        return self.reason is not None and not any(self.includes)


@dataclass(frozen=True)
class Rules:
    """Which files below a root belong to the collection.

    Attributes:
        take: kinds that are not left out, of `TAKEN_KINDS`.
        exclude: globs of what is left out.
        include: globs of exceptions.
    """

    take: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the kinds and globs.

        Raises:
            ValueError: a kind is unknown, a glob is wrong, or there are more than `MAX_GLOBS`.
        """
        for kind in sorted(self.take):
            if kind not in TAKEN_KINDS:
                raise WrongValueError(
                    f"no kind {kind!r} of files: name one of {', '.join(TAKEN_KINDS)}"
                )
        for globs in (self.exclude, self.include):
            if len(globs) > MAX_GLOBS:
                raise WrongValueError(
                    f"{len(globs)} globs of one option: the limit is {MAX_GLOBS}, name folders "
                    "instead of files"
                )
            for text in globs:
                glob_of(text)

    @cached_property
    def _excludes(self) -> tuple[Glob, ...]:
        return tuple(map(glob_of, self.exclude))

    @cached_property
    def _includes(self) -> tuple[Glob, ...]:
        return tuple(map(glob_of, self.include))

    @cached_property
    def has_globs(self) -> bool:
        """True if a name without a kind can be left out."""
        return bool(self.exclude or self.include)

    def top(self) -> Below:
        """Return what the rules know of a root, which is wanted whatever its own name."""
        excludes = tuple(glob.start for glob in self._excludes)
        return Below("", None, False, "", excludes, tuple(glob.start for glob in self._includes))

    def enter(
        self, below: Below, name: str, *, hidden: bool = False, used: set[str] | None = None
    ) -> Below:
        """Return what the rules know of a folder in a folder.

        Args:
            below: what they know of the outer one.
            name: of the inner one.
            hidden: its system marks it as hidden, whatever its name.
            used: gets the globs that named the folder; of `include` only where they took it back.
        """
        kind = self._untaken(folder_kind(name, below.name) or ("hidden" if hidden else None))
        if not self.has_globs:
            return below._replace(name=name, kind=below.kind or kind)
        form = comparable(name)
        includes = _stepped(self._includes, below.includes, form, kind is not None)
        excludes = _stepped(self._excludes, below.excludes, form, False)
        excluded = below.excluded or _named(self._excludes, excludes, used) != ""
        left_out = bool(kind or below.kind or excluded)
        included = _named(self._includes, includes, used if left_out else None)
        kind = None if included else below.kind or kind
        return Below(name, kind, excluded, included or below.included, excludes, includes)

    def reason(
        self, below: Below, name: str, *, hidden: bool = False, used: set[str] | None = None
    ) -> str | None:
        """Return why a file of a folder is left out, a kind or `EXCLUDED`; None if it is taken.

        Args:
            below: what the rules know of the folder.
            name: of the file.
            hidden: its system marks it as hidden, whatever its name.
            used: gets the globs that named the file; of `include` only where they took it back.
        """
        kind = self._untaken(file_kind(name) or ("hidden" if hidden else None))
        if not self.has_globs:
            return below.kind or kind
        form = comparable(name)
        named = _file_named(self._excludes, below.excludes, form, False, used)
        excluded = below.excluded or named
        left_out = bool(kind or below.kind or excluded)
        if _file_named(
            self._includes, below.includes, form, kind is not None, used if left_out else None
        ):
            return None
        if kind or below.kind:
            return below.kind or kind
        if excluded and below.included and used is not None:
            used.add(below.included)
        return EXCLUDED if excluded and not below.included else None

    def follow(self, place: str) -> Below:
        """Return what the rules know of the folder at a path, "" for the root."""
        below = self.top()
        for folder in place.split("/") if place else ():
            below = self.enter(below, folder)
            if below.is_closed:
                break
        return below

    def reason_of(self, path: str) -> str | None:
        """Return why the file at a path, there or not, is left out; None if it is taken.

        Args:
            path: relative to the root, with forward slashes.
        """
        folder, _, name = path.rpartition("/")
        below = self.follow(folder)
        return below.reason if below.is_closed else self.reason(below, name)

    def _untaken(self, kind: str | None) -> str | None:
        return None if kind in self.take else kind


def _stepped(
    globs: tuple[Glob, ...], states: tuple[State, ...], name: str, literally: bool
) -> tuple[State, ...]:
    return tuple(
        glob.step(state, name, literally) if state else DEAD
        for glob, state in zip(globs, states, strict=True)
    )


def _named(globs: tuple[Glob, ...], states: tuple[State, ...], used: set[str] | None) -> str:
    """Return the first glob that names the folder of its state, "" for none; add all to `used`."""
    named = [g.text for g, state in zip(globs, states, strict=True) if g.names(state)]
    if used is not None:
        used.update(named)
    return named[0] if named else ""


def _file_named(
    globs: tuple[Glob, ...],
    states: tuple[State, ...],
    name: str,
    literally: bool,
    used: set[str] | None,
) -> bool:
    """Return True if a glob names a file; add those that do to `used`."""
    found = False
    for glob, state in zip(globs, states, strict=True):
        if glob.names_file(state, name, literally):
            found = True
            if used is None:
                break
            used.add(glob.text)
    return found
