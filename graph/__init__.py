"""The network of a collection: communities of similar pictures, page by page, offline."""
