"""The file formats of a projector run: config, tensor, event file, metadata, sprite, bookmarks."""
