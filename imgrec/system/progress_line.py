"""The line that shows a stage: pure functions of its state.

    near-duplicates ███████░░░░░░░░░░░ 1,204 of 2,941 pairs, 104/s, 00:17 left
    UMAP, 2-D of all pictures: 00:12 so far, 00:17 left

Count and bar are those of the stage, the time left is that of the whole run. Where the terminal is
narrow, what matters less is left out: the rate, the bar, the count.
"""

from dataclasses import dataclass

_MOST_BAR, _LEAST_BAR = 30, 8
# A rate of less time than that is chance.
_RATE_FROM_S = 2.0
# Less would read 0.0/s.
_LEAST_RATE = 0.05


@dataclass(frozen=True)
class State:
    """What is known of a stage.

    Attributes:
        name: what is done, in words of a user.
        done: counted.
        total: how many there are; None if nothing is counted.
        unit: plural noun of what is counted; "" for none.
        spent_s: seconds of the stage.
        left_s: seconds left of the whole run; None if unknown.
        share: of the work of the stage that is done, 0 to 1.
        of: what it is done for, which tells stages of one name apart; "" for nothing.
    """

    name: str
    done: int
    total: int | None
    unit: str
    spent_s: float
    left_s: float | None
    share: float = 0.0
    of: str = ""


def line_in(state: State, width: int, blocks: bool = True) -> str:
    """Return the line of a stage in a terminal, of at most `width` columns.

    Args:
        state: of the stage.
        width: columns it may take.
        blocks: draw the bar of block characters, not of ASCII.
    """
    time, many = _time(state), _many(state)
    if many:
        for facts in ([many, *_rate(state), time], [many, time]):
            told = ", ".join(filter(None, facts))
            room = width - len(state.name) - len(told) - 2
            if room >= _LEAST_BAR:
                return f"{state.name} {_bar(state, min(room, _MOST_BAR), blocks)} {told}"
    shares = [f"{int(100 * state.share)} %"] if state.total else []
    for facts in ([many, time], [*shares, time], [time], time.split(", ")[-1:]):
        told = ", ".join(filter(None, facts))
        line = f"{state.name}: {told}" if told else state.name
        if len(line) <= width:
            return line
    return state.name[:width]


def log_line(state: State) -> str:
    """Return the line of a stage that lasts, for a log file."""
    so_far = f"{clock_text(state.spent_s)} so far"
    left = [] if state.left_s is None else [f"{clock_text(state.left_s)} left"]
    return f"{state.name}: {', '.join(filter(None, [_many(state), *_rate(state), so_far, *left]))}"


def ended_line(state: State) -> str:
    """Return the line of a stage that ended: what it did, and its seconds."""
    noun = state.unit.removesuffix("s") if state.done == 1 else state.unit
    many = f"{state.done:,} {noun}, " if state.total and noun else ""
    of = f" of {state.of}" if state.of else ""
    return f"{state.name}{of}: {many}{state.spent_s:.1f} s"


def clock_text(seconds: float) -> str:
    """Return a time as minutes and seconds, or hours, minutes and seconds: 02:28, 1:02:28."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _many(state: State) -> str:
    if not state.total:
        return ""
    return f"{state.done:,} of {state.total:,} {state.unit}".rstrip()


def _rate(state: State) -> list[str]:
    if not state.done or state.spent_s < _RATE_FROM_S:
        return []
    rate = state.done / state.spent_s
    if rate < _LEAST_RATE:
        return []
    return [f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"]


def _time(state: State) -> str:
    so_far = f"{clock_text(state.spent_s)} so far"
    if state.left_s is None:
        return so_far if state.spent_s >= 1 else ""
    left = f"{clock_text(state.left_s)} left"
    return left if state.total else f"{so_far}, {left}"


def _bar(state: State, width: int, blocks: bool) -> str:
    full, empty = "█░" if blocks else "#-"
    length = int(state.share * width)
    return full * length + empty * (width - length)
