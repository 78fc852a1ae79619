"""The names of the metrics and fusions, with a line on each, for the help of commands.

Separate from `metrics.py`, which imports numpy, so that `--help` answers at once.
"""

METRICS_EXPLAINED = {
    "cosine": "1 - cosine of the angle between two vectors; for any feature",
    "euclidean": "length of the difference of two vectors (L2); for any feature",
    "manhattan": "sum of the absolute differences (L1); for any feature",
    "chi2": "chi-square of two color histograms; for the feature rgb",
    "pca-cosine": "cosine of the principal components of color histograms; for rgb",
    "combined": "the k nearest by cosine, by euclidean and by manhattan, joined and "
    "ordered by cosine",
}
FUSIONS_EXPLAINED = {
    "mean": "the mean: somewhat like all of them",
    "min": "the least: very like at least one of them",
    "max": "the greatest: not far from any of them",
    "rank": "the mean of the positions in the ranking of each; for distances that differ in scale",
}
