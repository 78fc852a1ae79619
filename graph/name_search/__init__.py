"""The inverted index over names, folders and labels that the search box of the pages reads."""
