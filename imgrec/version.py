"""The version of imgrec."""

__version__ = "0.1.0"
