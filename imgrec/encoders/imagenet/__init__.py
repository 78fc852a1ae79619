"""The 1,000 classes of ImageNet (ILSVRC 2012): their names, in the order of the networks' outputs.

The names are a table beside this module, so that reading them imports no torch.
"""

from functools import cache
from importlib.resources import files


@cache
def categories() -> tuple[str, ...]:
    """Return the names of the 1,000 classes; class i is the i-th WordNet id in ascending order."""
    text = files(__name__).joinpath("categories.txt").read_text("utf-8")
    return tuple(text.splitlines())
