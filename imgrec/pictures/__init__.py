"""The bytes of one file to upright RGB pixels, a thumbnail and a color word, or a failure code."""
