"""Lines for a user about what a listing did not take, each reason with its switch."""

from collections import Counter
from collections.abc import Iterator, Sequence

from imgrec.sources.place_kinds import PLACE_KINDS
from imgrec.sources.rules import EXCLUDED, RAW_PAIRS, Rules
from imgrec.sources.source import Listing
from imgrec.system.text import counted

# Of each reason: what a file and a folder is called, and the switch that takes them.
_WORDS = {
    "hidden": ("hidden file", "hidden folder"),
    "trash": ("deleted file", "trash folder"),
    "previews": ("preview", "preview folder"),
    "packages": ("file of a package", "package"),
    "companions": ("companion file", "companion folder"),
    EXCLUDED: ("excluded file", "excluded folder"),
}


def skipped_lines(listings: Sequence[Listing]) -> list[str]:
    """Return one line with the pictures and folders that the rules left out; none for none."""
    files = sum((found.skipped_files for found in listings), Counter[str]())
    folders = sum((found.skipped_folders for found in listings), Counter[str]())
    parts = [
        f"{' and '.join(_each(reason, folders[reason], files[reason]))} ({_switch(reason)})"
        for reason in (*PLACE_KINDS, EXCLUDED)
        if files[reason] or folders[reason]
    ]
    return [f"skipped: {', '.join(parts)}"] if parts else []


def not_taken_lines(listings: Sequence[Listing]) -> list[str]:
    """Return one line with the files that are not taken by what they are; none for none to name.

    Files of kinds that have no name here are counted, where others are named.
    """
    raw = sum((found.raw_pairs for found in listings), Counter[str]())
    named = sum((found.named for found in listings), Counter[str]())
    others = sum(found.others for found in listings)
    if not raw and not named:
        return []
    parts = list(_by_count(raw))
    if parts:
        parts[-1] += f" beside a picture (--take {RAW_PAIRS})"
    parts += _by_count(named)
    if rest := others - named.total():
        parts.append(f"{rest:,} of other kinds")
    return [f"{counted(others + raw.total(), 'file')} not taken: {', '.join(parts)}"]


def unused_lines(listings: Sequence[Listing], given: Rules) -> list[str]:
    """Return a line for each glob that was given to a run and changed nothing.

    Args:
        listings: of all roots, listed to the end.
        given: rules with the globs that the user named.
    """
    used = set().union(*(found.used_globs for found in listings))
    excludes = [
        f"--exclude {text!r} names nothing: globs are of paths from the picture folder down"
        for text in given.exclude
    ]
    includes = [
        f"--include {text!r} takes nothing back: it makes exceptions of --exclude and of what is "
        "skipped (to take nothing else, add --exclude '*')"
        for text in given.include
    ]
    lines = zip((*given.exclude, *given.include), (*excludes, *includes), strict=True)
    return [line for text, line in lines if text not in used]


def unnamed_lines(found: Listing, place: str) -> list[str]:
    """Return a line that names the pictures of a bucket that cannot be asked for; none for none.

    Args:
        found: the listing.
        place: its address.
    """
    if not found.unnamed:
        return []
    keys = "is no path" if found.unnamed == 1 else "are no paths"
    return [
        f"{counted(found.unnamed, 'picture')} of {place} passed over, whose key {keys} (an empty "
        f"part, . or .., a control character): rename them; the first is {found.first_unnamed!r}"
    ]


def _by_count(kinds: Counter[str]) -> Iterator[str]:
    """Yield counts of kinds, the most frequent first, then by name."""
    for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:,} {kind}"


def _each(reason: str, folders: int, files: int) -> Iterator[str]:
    file, folder = _WORDS[reason]
    if folders:
        yield counted(folders, folder)
    if files:
        yield counted(files, file)


def _switch(reason: str) -> str:
    return "--no-exclude" if reason == EXCLUDED else f"--take {reason}"
