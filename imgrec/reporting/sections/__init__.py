"""The sections of the report: facts composed into text and charts."""
