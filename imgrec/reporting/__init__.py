"""The report: what is in a collection, computed from a store, drawn, and written as one page."""
