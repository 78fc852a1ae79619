"""Catalog, compare and see a folder of pictures."""

from imgrec.duplicates.find import Duplicates, find_duplicates
from imgrec.errors import EncoderError, ImgrecError, PictureError, StoreError
from imgrec.indexing.options import IndexOptions as Options
from imgrec.indexing.options import Summary
from imgrec.indexing.run import index_folders
from imgrec.neighbors.graph import neighbors_of
from imgrec.neighbors.neighbors import Neighbors
from imgrec.search.answer import Answer, Result
from imgrec.search.recommender import Recommender
from imgrec.store.store import Store
from imgrec.version import __version__

__all__ = [
    "Answer",
    "Duplicates",
    "EncoderError",
    "ImgrecError",
    "Neighbors",
    "Options",
    "PictureError",
    "Recommender",
    "Result",
    "Store",
    "StoreError",
    "Summary",
    "__version__",
    "find_duplicates",
    "index_folders",
    "neighbors_of",
]
