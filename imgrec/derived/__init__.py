"""Rows made from vectors and kept in step with them: sketch, HNSW, PCA, k-means."""
