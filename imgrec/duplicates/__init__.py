"""The near-duplicates of a store."""
