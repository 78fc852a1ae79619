"""From the bytes of one file to upright RGB pixels, thumbnail and color word, or a reason code."""
