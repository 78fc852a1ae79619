"""The facts of the report: numbers and picture ids computed from a store, not yet drawn."""
