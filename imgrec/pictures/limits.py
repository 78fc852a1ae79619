"""The limits of a picture that is read, for whoever reads files and decodes none."""

# Limit of decoded pixels, at which Pillow assumes a decompression bomb.
MAX_PIXELS = 178_956_970
# Limit of the original pixels of a JPEG, which is decoded at reduced scale.
MAX_JPEG_PIXELS = 1 << 30
# Limit of the bytes in memory for one picture, those of its file among them.
MAX_MEMORY = 512_000_000
