"""The HTML pages of the network."""
