"""Choices of exports that the command shows in its help, without an import of what writes them."""

# The name of the collection of Qdrant where none is given.
COLLECTION = "imgrec"
