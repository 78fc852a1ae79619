"""Near-duplicate detection: candidates from the k-NN graph, verified by image alignment."""
