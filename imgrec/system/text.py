"""Numbers as people read them."""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 picture", "2,000 pictures"."""
    plural = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"
