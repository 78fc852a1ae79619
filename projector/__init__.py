"""The TensorBoard Embedding Projector of a store: a logdir with thumbnails, and a server for it.

The names below import their modules when they are first used.
"""

from typing import TYPE_CHECKING

from imgrec.system.lazy_exports import lazy_exports
from projector.errors import ProjectorError

if TYPE_CHECKING:
    from projector.export import Export, ProjectorOptions, write_logdir
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Export": "projector.export:Export",
            "ProjectorOptions": "projector.export:ProjectorOptions",
            "write_logdir": "projector.export:write_logdir",
        },
    )

__all__ = ["Export", "ProjectorError", "ProjectorOptions", "write_logdir"]
