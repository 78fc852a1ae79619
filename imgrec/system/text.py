"""Numbers formatted for people."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun in the right number: "1 picture", "2,000 pictures"."""
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def size_text(count: float) -> str:
    """Return a number of bytes in a decimal unit, with three digits: "27.1 kB", "4.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        # What would be rounded up to 1,000 is 1 of the next unit.
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} TB"


def seconds_text(seconds: float) -> str:
    """Return how long a command took: "0.4 s", "48 s", "12:48 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,}:{rest:02} min"
