"""The similarity network of a collection: communities of similar pictures as offline HTML pages.

The public names are imported lazily, on first use, so that importing the package is fast.
"""

from typing import TYPE_CHECKING

from imgrec.system.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from graph.pages.options import SiteOptions
    from graph.pages.site import SiteSummary, write_site
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "SiteOptions": "graph.pages.options:SiteOptions",
            "SiteSummary": "graph.pages.site:SiteSummary",
            "write_site": "graph.pages.site:write_site",
        },
    )

__all__ = ["SiteOptions", "SiteSummary", "write_site"]
