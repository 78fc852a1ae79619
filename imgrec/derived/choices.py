"""The number of clusters by default; imports nothing, so that `--help` is quick."""

CLUSTERS = 30
# Where there are fewer pictures for each of them on average, a cluster would be a picture or two.
PER_CLUSTER = 5
CLUSTERS_HELP = (
    f"groups of k-means (default {CLUSTERS}; of fewer than {CLUSTERS * PER_CLUSTER} pictures one "
    f"for each {PER_CLUSTER})"
)
