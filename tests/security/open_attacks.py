"""Attacks that the program does not withstand yet, each with the reason; the list shall be empty.

Whoever mends one deletes its line: the mark is strict, so that a test fails which passes.
"""

OPEN: dict[str, str] = {}
