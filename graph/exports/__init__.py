"""Exports of the network for other programs: GEXF, GraphML, Parquet, and the duplicates CSV."""
