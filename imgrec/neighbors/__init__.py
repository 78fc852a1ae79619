"""The k-NN graph: built in memory, on a device or by groups of parts; kept and grown."""
