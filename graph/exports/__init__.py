"""The network written for other programs."""
