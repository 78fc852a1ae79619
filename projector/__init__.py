"""The TensorBoard Embedding Projector of a store: a logdir with thumbnails, and a server for it."""

from projector.errors import ProjectorError
from projector.export import Export, ProjectorOptions, write_logdir

__all__ = ["Export", "ProjectorError", "ProjectorOptions", "write_logdir"]
