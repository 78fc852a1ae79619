"""Catalog a folder of pictures, embed each once, and search the vectors.

The names exported here are the public Python API:

    from imgrec import Recommender
    Recommender.open("store").query("a.jpg", k=5, where={"folder": "fruit"})

`import imgrec` imports neither numpy nor torch: each name imports its module when it is first
used.
"""

from typing import TYPE_CHECKING

from imgrec.errors import (
    EncoderError,
    ImgrecError,
    PictureError,
    StoreError,
    WrongTypeError,
    WrongValueError,
)
from imgrec.system.lazy_exports import lazy_exports
from imgrec.version import __version__

if TYPE_CHECKING:
    from imgrec.duplicates.find import find_duplicates
    from imgrec.duplicates.groups import Duplicates, Group, Member
    from imgrec.duplicates.keep_rules import KeepRules
    from imgrec.handover.export import Exported, export_vectors
    from imgrec.indexing.options import IndexOptions as Options
    from imgrec.indexing.options import Summary
    from imgrec.indexing.run import index_folders
    from imgrec.neighbors.graph import neighbors_of
    from imgrec.neighbors.neighbors import Neighbors
    from imgrec.search.answer import Answer, Result, Text
    from imgrec.search.listing import Listing, Picture
    from imgrec.search.recommender import Recommender
    from imgrec.store.store import Store
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Answer": "imgrec.search.answer:Answer",
            "Duplicates": "imgrec.duplicates.groups:Duplicates",
            "Exported": "imgrec.handover.export:Exported",
            "Group": "imgrec.duplicates.groups:Group",
            "KeepRules": "imgrec.duplicates.keep_rules:KeepRules",
            "Listing": "imgrec.search.listing:Listing",
            "Member": "imgrec.duplicates.groups:Member",
            "Neighbors": "imgrec.neighbors.neighbors:Neighbors",
            "Options": "imgrec.indexing.options:IndexOptions",
            "Picture": "imgrec.search.listing:Picture",
            "Recommender": "imgrec.search.recommender:Recommender",
            "Result": "imgrec.search.answer:Result",
            "Store": "imgrec.store.store:Store",
            "Summary": "imgrec.indexing.options:Summary",
            "Text": "imgrec.search.answer:Text",
            "export_vectors": "imgrec.handover.export:export_vectors",
            "find_duplicates": "imgrec.duplicates.find:find_duplicates",
            "index_folders": "imgrec.indexing.run:index_folders",
            "neighbors_of": "imgrec.neighbors.graph:neighbors_of",
        },
    )

__all__ = [
    "Answer",
    "Duplicates",
    "EncoderError",
    "Exported",
    "Group",
    "ImgrecError",
    "KeepRules",
    "Listing",
    "Member",
    "Neighbors",
    "Options",
    "Picture",
    "PictureError",
    "Recommender",
    "Result",
    "Store",
    "StoreError",
    "Summary",
    "Text",
    "WrongTypeError",
    "WrongValueError",
    "__version__",
    "export_vectors",
    "find_duplicates",
    "index_folders",
    "neighbors_of",
]
