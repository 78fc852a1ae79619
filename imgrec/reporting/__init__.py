"""The report: facts computed from a store, composed into sections, drawn, written as one page."""
