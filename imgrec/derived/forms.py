"""The forms of derived arrays: dtypes, shapes and ranges that are checked before rows are used.

Checksums tell that a file is what somebody wrote, not that it makes sense: they lie beside the
file, and a store may come from somebody else. Compiled loops index by these arrays without looking,
so rows are used only if every array has its form, all shapes fit each other and the feature, and
numbers that name something are in range. Anything else counts as absent and is computed again.
"""

import numpy as np

from imgrec.collection import Ids
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.store.arrays import all_finite, match
from imgrec.store.kept import Arrays
from imgrec.system.folder_names import folder_name

# By the name of an array; d is that of the feature, m the number of rows.
_MODEL = {
    "mean": "float32 d",
    "components": "float32 c d",
    "centers": "float32 k c",
    "scales": "float32 c",
    "variance_kept": "float64 one",
    # Of float32 once vectors were added.
    "lengths": "float32|float64 two",
}
_ROWS = {
    "codes": "int8 m c",
    "coordinates": "float32 m c",
    "distances": "float32 m",
    "lengths": "float32 m",
    "numbers": "int32 m",
}


def are_sound(model: Arrays, rows: Arrays, dimensions: int, count: int) -> bool:
    """Return True if the arrays of a recipe have their forms and fit each other.

    Args:
        model: arrays by name.
        rows: arrays by name, a row a vector.
        dimensions: d of the feature.
        count: of the rows.
    """
    known = {name: form for name, form in _MODEL.items() if name in model}
    sizes = match(model, known, d=dimensions, one=1, two=2)
    if sizes is None or not all_finite(*(model[name] for name in known if name != "lengths")):
        return False
    sizes["m"] = count
    if match(rows, {name: form for name, form in _ROWS.items() if name in rows}, **sizes) is None:
        return False
    if any(values.ndim == 0 or len(values) != count for values in rows.values()):
        return False
    if "numbers" in rows and "centers" in model:
        numbers, centers = rows["numbers"], len(model["centers"])
        return bool(not count or (numbers.min() >= 1 and numbers.max() <= centers))
    return not np.isnan(model["lengths"]).any() if "lengths" in model else True


def check_finite(rows: Vectors, name: str, ids: Ids) -> None:
    """Check that the rows of a feature hold no NaN and no infinity.

    Args:
        rows: (m, d) vectors, or what was computed from each.
        name: of the feature.
        ids: (m,) of the pictures.

    Raises:
        StoreError: a value is not finite; the message names the first such picture.
    """
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise StoreError(
            f"the {name} vector of picture {ids[bad][0]} is not finite: delete the folder "
            f"{folder_name(name)} in the store's features and run imgrec index again"
        )
