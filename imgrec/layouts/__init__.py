"""UMAP, t-SNE and grid positions, of runs and of the whole, and the sample of the overview."""
