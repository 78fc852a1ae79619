"""UMAP and t-SNE positions, and the sample that the overview shows."""
