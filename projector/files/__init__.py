"""The files of a projector run, one module each."""
