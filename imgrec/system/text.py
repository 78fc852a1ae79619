"""Numbers formatted for people."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun in the right number: "1 picture", "2,000 pictures"."""
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"
