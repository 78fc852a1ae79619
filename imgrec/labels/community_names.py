"""The names of communities: one name of a community, wherever it is shown.

A label `community` is a path such as 3.1, which says nothing to a person. `imgrec graph` finds
words for each community and keeps them in the store, beside the partitions that the labels come
from; pages, queries, the projector, the report and exports read them here. A name is the words and
the path, "dress · t-shirt (3.1)": unique, and the path is what filters and addresses take. Where
no words were kept, because the folder is absent or damaged or there are more communities than
`MOST_NAMES`, the name is "Community 3.1". It is never an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from imgrec.store.kept import load
from imgrec.store.store import Store
from imgrec.system.json_files import a_text

# Part of the stamp of the kept communities. Increase it when the meaning of their files changes.
VERSION = 2
LONELY = "Loners"
# The number of the group of pictures that are like no other, on any level.
LONERS = 0
# Communities with kept names. A name takes some 50 bytes of the sidecar, which is bounded.
MOST_NAMES = 100_000
# Characters of the words of a name.
LONGEST_NAME = 200
# What is kept in the state of the communities' folder under the key `names`.
NAMES = {str: a_text(LONGEST_NAME)}
_PATH = re.compile(r"\d{1,9}(\.\d{1,9}){0,15}", re.ASCII)


@dataclass(frozen=True)
class CommunityNames:
    """The names of the communities of the last `imgrec graph` of a store.

    Attributes:
        words: by path; communities without words are absent.
    """

    words: Mapping[str, str] = field(default_factory=dict)

    def of(self, path: str) -> str:
        """Return the name of a community: "dress · t-shirt (3.1)", or "Community 3.1"."""
        return community_name(path, self.words.get(path, ""))


def community_name(path: str, words: str = "") -> str:
    """Return the name of a community, which differs from that of every other one.

    Args:
        path: of the community.
        words: what its pictures have in common; "" for nothing.
    """
    if words:
        return f"{words} ({path})"
    if path == str(LONERS):
        return LONELY
    return f"{LONELY} ({path})" if is_lonely(path) else f"Community {path}"


def is_lonely(path: str) -> bool:
    """Return True for the path of a group of loners, or of a part of one."""
    return str(LONERS) in path.split(".")


def names_of(store: Store) -> CommunityNames:
    """Return the names that a store keeps; without any, every community has its plain name."""
    kept = load(store.paths.communities, {"version": VERSION}, (), verify=False)
    found = kept.state.get("names") if kept else None
    if not isinstance(found, dict):
        return CommunityNames()
    valid = NAMES[str]
    return CommunityNames(
        {path: words for path, words in found.items() if _PATH.fullmatch(path) and valid(words)}
    )


def to_keep(words: Mapping[str, str]) -> dict[str, str]:
    """Return the names to keep: those of the communities with the shortest paths, if too many."""
    paths = sorted((path for path, text in words.items() if text), key=lambda p: (p.count("."), p))
    return {path: words[path][:LONGEST_NAME] for path in paths[:MOST_NAMES]}
