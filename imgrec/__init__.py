"""Catalogue, compare and see a folder of pictures."""

from imgrec.answer import Answer, Result
from imgrec.duplicates import Duplicates, find_duplicates
from imgrec.errors import EncoderError, ImgrecError, PictureError, StoreError
from imgrec.indexing import Options, Summary, index_folders
from imgrec.knn import neighbors_of
from imgrec.neighbors import Neighbors
from imgrec.recommend import Recommender
from imgrec.store import Store
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
