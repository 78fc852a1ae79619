"""Indexing by many processes and machines: a plan, crews that make its parts, a schedule."""
