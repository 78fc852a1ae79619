"""One indexing run: read, encode, commit."""
