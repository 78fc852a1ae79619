"""The names and sizes that the command offers; imports nothing heavy: `--help` is quick."""

from imgrec.errors import WrongValueError

# Methods of community detection. A store remembers the one that its communities were found by.
LOUVAIN, LEIDEN = "louvain", "leiden"
METHODS = (LOUVAIN, LEIDEN)
METHOD_TITLES = {LOUVAIN: "Louvain", LEIDEN: "Leiden"}

# Libraries for Louvain; `auto` chooses by the number of pictures. Leiden is igraph's.
AUTO, PYTHON_LOUVAIN, IGRAPH = "auto", "python-louvain", "igraph"
ENGINES = (AUTO, PYTHON_LOUVAIN, IGRAPH)

# Neighbors a picture is joined to; more blur the communities of both photo sets tried.
JOINED = 8

# vis-network draws so many pictures in about a second.
MAX_PAGE_SIZE = 250
PAGE_SIZE = 160

# Files for other programs.
FORMATS = ("gexf", "graphml", "parquet")


def check_method(method: str | None, engine: str) -> None:
    """Raise WrongValueError if a method or library is unknown, or a library is named for Leiden."""
    if method is not None and method not in METHODS:
        raise WrongValueError(
            f"unknown method {method!r} for communities; known: {', '.join(METHODS)}"
        )
    if engine not in ENGINES:
        raise WrongValueError(
            f"unknown library {engine!r} for Louvain; known: {', '.join(ENGINES)}"
        )
    if method == LEIDEN and engine != AUTO:
        raise WrongValueError(
            f"{engine} is a library for Louvain: leave it out for Leiden, or {AUTO}"
        )
