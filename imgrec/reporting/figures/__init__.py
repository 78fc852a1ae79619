"""The figures of the report, drawn by matplotlib: bars, histograms, maps, rows of pictures."""
