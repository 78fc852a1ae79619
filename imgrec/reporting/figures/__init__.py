"""The figures of the report: how they are drawn."""
