"""The inverted index over names, folders and classes that the search box of the pages reads."""
