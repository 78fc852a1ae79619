"""temporary"""
from collections.abc import Callable, Iterator
import numpy as np
from imgrec.collection import Ids
from imgrec.duplicates.miniatures import Thumbnail
from imgrec.duplicates.verification import similarities_by_block

def deserving_by_block(pairs: Ids, thumbnail: Thumbnail, done: Callable[[int], object]) -> Iterator[tuple[Ids, np.ndarray]]:
    for block, s in similarities_by_block(pairs, thumbnail, done):
        yield block, s > 0.3
