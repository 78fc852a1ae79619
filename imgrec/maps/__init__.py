"""The map of a collection: its files, its pyramid of tiles, and a reader for maps of strangers."""
