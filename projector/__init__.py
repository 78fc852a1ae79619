"""Show a store in the TensorBoard Embedding Projector: write a logdir, and serve it.

The public names are imported lazily, on first use, so that importing the package is fast.
"""

from typing import TYPE_CHECKING

from imgrec.system.lazy_exports import lazy_exports
from projector.errors import ProjectorError

if TYPE_CHECKING:
    from projector.export import Export, write_logdir
    from projector.options import ProjectorOptions
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Export": "projector.export:Export",
            "ProjectorOptions": "projector.options:ProjectorOptions",
            "write_logdir": "projector.export:write_logdir",
        },
    )

__all__ = ["Export", "ProjectorError", "ProjectorOptions", "write_logdir"]
