"""The matrix of formats: generated files, their right pixels, and independent decoders."""
