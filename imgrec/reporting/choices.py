"""Defaults of the options of a report and its first page, without the imports to make one."""

# Pictures of the diverse subset.
DIVERSE = 48
# The page to open.
START = "index.html"
