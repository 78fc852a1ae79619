"""The measures of the pictures of a store: sharpness, brightness and the like, by picture id."""

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.store.store import Store


def measures_in(store: Store) -> dict[str, tuple[Ids, NDArray[np.float64]]]:
    """Return {measure: (ids, values)} of the ok pictures of a store, in the order of `MEASURES`.

    Args:
        store: open.

    Returns:
        Ids (m,), ascending, and values (m,), 0 to 100 (`imgrec.pictures.measures`). A measure that
        no picture has is left out; a picture may lack one, such as the sharpness of a plain area.
    """
    return store.catalog.metadata.measures()
