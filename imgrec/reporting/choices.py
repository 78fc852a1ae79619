"""Defaults of the options of a report, without the imports that making one needs."""

# Pictures of the diverse subset.
DIVERSE = 48
