"""The names and sizes that the command offers; imports nothing, so that `--help` is quick."""

# Libraries for Louvain; `auto` chooses by the number of pictures.
AUTO, PYTHON_LOUVAIN, IGRAPH = "auto", "python-louvain", "igraph"
ENGINES = (AUTO, PYTHON_LOUVAIN, IGRAPH)

# Neighbors a picture is joined to; more blur the communities of both photo sets tried.
JOINED = 8

# vis-network draws so many pictures in about a second.
MAX_PAGE_SIZE = 250
PAGE_SIZE = 160

# Files for other programs.
FORMATS = ("gexf", "graphml", "parquet")
