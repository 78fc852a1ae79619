"""Questions that contradict themselves: what is asked for and unwanted at once."""

from collections.abc import Iterator, Sequence

import numpy as np

from imgrec.search.query_vectors import Resolved


def both_asked_and_unwanted(
    likes: Sequence[Resolved], dislikes: Sequence[Resolved]
) -> Iterator[str]:
    """Yield a line for each query that is an unwanted picture or text too.

    It is the same by its id in the catalog, or by its vectors, as a copy is.
    """
    for one in likes:
        other = next((other for other in dislikes if _same(one, other)), None)
        if other is not None:
            named = one.name if one.name == other.name else f"{one.name} ({other.name})"
            yield (
                f"{named} is asked for and unwanted at once, so the answer is moved away from what "
                "it looks for: leave one of them out"
            )


def _same(one: Resolved, other: Resolved) -> bool:
    if one.id is not None and one.id == other.id:
        return True
    return all(map(np.array_equal, one.vectors, other.vectors))
