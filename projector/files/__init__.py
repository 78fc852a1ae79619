"""The file formats of a projector run, one module each."""
