"""Review of duplicates: what may go, as a page, a table and lists; the trash, and its undo.

The only folder that moves pictures of a user, and only where that is asked for (`trash`).
"""
