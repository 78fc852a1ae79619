"""All hostile stores, each a named attack; and those of them that every run of the tests tries.

`ALL_ATTACKS` has every combination, such as each kind of damage in each JSON file. `ATTACKS` has
some of each kind, so that the suite takes a minute or two: the same code reads the others. With
IMGREC_ALL_ATTACKS=1 in the environment the tests try all of them.
"""

import os
from collections.abc import Sequence

from attack import Attack
from hostile_arrays import HOSTILE_ARRAYS, HOSTILE_HEADERS
from hostile_catalogs import HOSTILE_CATALOGS, HOSTILE_ROWS
from hostile_json import HOSTILE_JSON, HOSTILE_VALUES
from hostile_links import HOSTILE_FILES, HOSTILE_LINKS
from hostile_names import HOSTILE_NAMES
from hostile_pictures import HOSTILE_PREVIEWS, HOSTILE_TEXTS, HOSTILE_THUMBNAILS

# Each family, and the distance between the attacks of it that every run tries.
_FAMILIES: tuple[tuple[Sequence[Attack], int], ...] = (
    (HOSTILE_NAMES, 1),
    (HOSTILE_LINKS, 4),
    (HOSTILE_FILES, 6),
    (HOSTILE_JSON, 10),
    (HOSTILE_VALUES, 22),
    (HOSTILE_CATALOGS, 2),
    (HOSTILE_ROWS, 6),
    (HOSTILE_HEADERS, 6),
    (HOSTILE_ARRAYS, 8),
    (HOSTILE_THUMBNAILS, 4),
    (HOSTILE_PREVIEWS, 4),
    (HOSTILE_TEXTS, 4),
)
ALL_ATTACKS = [attack for family, _ in _FAMILIES for attack in family]
_SOME = [attack for family, step in _FAMILIES for attack in family[::step]]
ATTACKS = ALL_ATTACKS if os.environ.get("IMGREC_ALL_ATTACKS") else _SOME
