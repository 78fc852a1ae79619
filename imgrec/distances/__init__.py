"""Metrics, their compiled (numba) loops, and PCA."""
