"""Metrics, their compiled loops, and principal axes."""
