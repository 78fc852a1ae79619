"""The HTML pages of the network: layout, thumbnail sheets, text, rendering, the whole site."""
