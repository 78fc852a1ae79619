"""The search methods by name, with a line on each; imports nothing, so that `--help` is quick."""

INDEXES = ("auto", "exact", "sketch", "hnsw")
INDEXES_EXPLAINED = {
    "auto": "the fastest index that the store has and that suits the question",
    "exact": "compare with every picture",
    "sketch": "candidates by 128 axes in 8 bits each, then compared exactly",
    "hnsw": "candidates by a graph index (imgrec index --hnsw), then compared exactly",
}
