"""The inverted index over names and folders that the search box of the pages reads."""
