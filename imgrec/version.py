"""The version of imgrec, in one place: packaging, `--version` and stores take it from here."""

__version__ = "0.1.0"
