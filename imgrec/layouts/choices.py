"""The layout methods and the size of the overview; imports nothing, so that `--help` is quick."""

METHODS = ("umap", "tsne")

# Pictures in the overview; so many are laid out in half a minute.
OVERVIEW_SIZE = 10_000
