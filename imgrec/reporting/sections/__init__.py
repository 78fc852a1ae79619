"""The sections of the report: facts composed into figures and text."""
