"""The search index of names that the pages read."""
