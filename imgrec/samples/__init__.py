"""A sample collection: pictures of a dozen and a half families, rendered from a seed."""

from imgrec.samples.collection import write_samples
from imgrec.samples.render import FAMILIES, render_sample
from imgrec.samples.sheet import contact_sheet

__all__ = ["FAMILIES", "contact_sheet", "render_sample", "write_samples"]
