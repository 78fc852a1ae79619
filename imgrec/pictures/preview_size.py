"""The sizes that previews may have: their longer side in pixels. Imports nothing."""

# For a picture that fills a part of a window, with about 15 times the pixels of a thumbnail.
PREVIEW_PX = 512
LEAST_PREVIEW_PX, MOST_PREVIEW_PX = 256, 1024
