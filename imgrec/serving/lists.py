"""Lists of pictures by filter that are read in parts; only their ids are kept."""

from dataclasses import replace

from imgrec.search.listing import Listing, list_pictures
from imgrec.search.view import StoreView
from imgrec.serving.answers import Listed
from imgrec.serving.orders import place_of
from imgrec.serving.requests import ListRequest
from imgrec.serving.shelf import Shelf

_MOST_LISTS = 256
_MOST_BYTES = 64 << 20


class Lists:
    """The lists that were answered in part; thread-safe."""

    def __init__(self) -> None:
        self._kept: Shelf[Listing] = Shelf(
            _MOST_LISTS,
            _MOST_BYTES,
            lambda listing: listing.ids.nbytes,
            "this list is no longer kept: ask again",
        )

    def first(self, view: StoreView, request: ListRequest) -> Listed:
        """Return the first part of a list, which is kept if there is more of it.

        Raises:
            WrongValueError: no picture passes, or the filter names an unknown label or folder.
        """
        listing = list_pictures(view, request.wanted)
        first = _part(listing, 0, request.k)
        if request.k >= len(listing):
            return first
        return replace(first, cursor=f"{self._kept.keep(listing)}.{request.k}")

    def next(self, cursor: str, k: int) -> Listed:
        """Return a further part of a list.

        Raises:
            GoneError: the list was dropped.
            RequestError: it is no cursor.
        """
        token, start = place_of(cursor)
        listing = self._kept.get(token)
        more = start + k < len(listing)
        return replace(_part(listing, start, k), cursor=f"{token}.{start + k}" if more else None)

    def __len__(self) -> int:
        return len(self._kept)


def _part(listing: Listing, start: int, k: int) -> Listed:
    pictures = list(listing.part(start, start + k))
    return Listed(listing.images, pictures, None, listing.classes)
