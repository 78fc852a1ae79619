"""Indexing: one run reads pictures, encodes them and commits the results part by part."""
