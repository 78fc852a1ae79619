"""The similarity graph, parted into a tree of named communities."""
