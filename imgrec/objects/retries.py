"""Sends requests again after a lost connection or the answer of a busy server.

obstore could do so itself, but not for every request (not for a conditional write, a delete, or a
listing or range whose answer was cut off), and it does not tell whether an earlier try may have had
an effect. So it sends each request once, and all are tried again here.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from imgrec.objects.errors import PassingObjectError

# Tries of one request, and the time after which it is not tried again.
TRIES, LONGEST_S = 8, 120
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 10.0

Result = TypeVar("Result")


def tried_again(request: Callable[[int], Result], tries: int = TRIES) -> Result:
    """Return the result of a request, sent several times with growing delays if need be.

    Nothing is sent again `LONGEST_S` after the first try.

    Args:
        request: gets the number of tries before it.
        tries: at most.

    Raises:
        PassingObjectError: the last try failed too.
        ObjectError: another failure, which is not tried again.
    """
    end = time.monotonic() + LONGEST_S
    for before in range(tries - 1):
        try:
            return request(before)
        except PassingObjectError:
            if time.monotonic() > end:
                raise
            pause(before)
    return request(tries - 1)


def pause(before: int) -> None:
    """Wait before the next try: twice as long each time, and spread.

    Spread, so that workers which failed together do not ask together again.

    Args:
        before: number of failures before the last one.
    """
    delay_s = min(_FIRST_DELAY_S * 2**before, _LONGEST_DELAY_S)
    time.sleep(delay_s * random.uniform(0.5, 1))
