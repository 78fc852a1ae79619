"""The layout methods and the size of the overview; imports nothing, so that `--help` is quick."""

METHODS = ("umap", "tsne")

# Pictures; as many are laid out in half a minute.
OVERVIEW_SIZE = 10_000
