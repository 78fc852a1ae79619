"""The default number of clusters; imports nothing, so that `--help` is quick."""

CLUSTERS = 30
