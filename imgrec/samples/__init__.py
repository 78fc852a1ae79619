"""A procedurally generated sample collection: eighteen families of pictures, from a seed.

Each picture is a pure function of seed, index and size, so the collection needs no download and its
families are known ground truth. The names below are imported lazily, at their first use.
"""

from typing import TYPE_CHECKING

from imgrec.system.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from imgrec.samples.collection import write_samples
    from imgrec.samples.render import FAMILIES, render_sample
    from imgrec.samples.sheet import contact_sheet
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "FAMILIES": "imgrec.samples.render:FAMILIES",
            "contact_sheet": "imgrec.samples.sheet:contact_sheet",
            "render_sample": "imgrec.samples.render:render_sample",
            "write_samples": "imgrec.samples.collection:write_samples",
        },
    )

__all__ = ["FAMILIES", "contact_sheet", "render_sample", "write_samples"]
