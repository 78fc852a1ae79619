"""From the k-NN graph to a tree of named communities."""
