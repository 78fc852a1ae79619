"""The k-NN graph: four ways to build it, kept in the store and grown."""
