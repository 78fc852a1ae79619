"""Look for cyclic garbage rarely while much is made that has no cycles.

Python looks for cycles each time that 700 more containers were made than freed. A page is tables of
some ten thousand lists, tuples and dictionaries that refer to nothing behind them: the search takes
a fifth of the time in which they are made, and frees nothing. Reference counts free them as before.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Containers that may be made before their cycles are looked for: some ten megabytes.
_RARELY = (100_000, 20, 100)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for cyclic garbage rarely while a block, or a function, runs."""
    before = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
