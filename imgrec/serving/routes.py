"""The routes of the service by method and path: from bytes to a request, from an answer to bytes.

Both adapters, FastAPI's here and TensorBoard's WSGI, loop over `ROUTES` and know nothing else of
the service: what is asked, answered and refused is the same in both.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from imgrec.errors import EncoderError, ImgrecError, PictureError, StoreError
from imgrec.maps.reader import MapError
from imgrec.serving import collections
from imgrec.serving.answers import (
    Collection,
    Copied,
    Copies,
    Facets,
    Facts,
    Found,
    Health,
    Histogram,
    Listed,
    MapFacts,
    Medoids,
    Painted,
    Pictures,
    ProjectorPlace,
    StoreFacts,
    Thumbnails,
    Upload,
)
from imgrec.serving.errors import RequestError
from imgrec.serving.map_values import data_of, tile_of
from imgrec.serving.originals import Media
from imgrec.serving.requests import (
    CollectionChange,
    CopyRequest,
    FacetsRequest,
    ListRequest,
    MedoidsRequest,
    PicturesRequest,
    SearchRequest,
)
from imgrec.serving.service import Service
from imgrec.serving.turns import Work
from imgrec.system.json_files import decoded
from imgrec.version import __version__

JSON = "application/json"
BYTES = "application/octet-stream"
# Any picture, in routes that send or take several formats.
PICTURE, PNG, WEBP = "image/*", "image/png", "image/webp"
_MOST_ERROR = 1000
# Thumbnails of one answer.
MOST_THUMBS = 100
# An id stands for one content, so what it shows can be kept by the browser. But another server of
# the same port, whose ids are of another store, has another cookie.
_KEPT = {"Cache-Control": "private, max-age=86400", "Vary": "Cookie"}


@dataclass(frozen=True)
class Call:
    """What a route is called with.

    Attributes:
        path: the values of the parameters in its path.
        body: of the request.
        content_type: of the body, without parameters, in lower case.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True)
class Reply:
    """What a route answers.

    Attributes:
        body: of the response.
        content_type: of the body.
        status: status code of HTTP.
        headers: more of them.
    """

    body: bytes
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A route.

    Attributes:
        method: of HTTP.
        path: a template, such as "/api/thumb/{id}".
        answer: calls the service.
        summary: one line for the OpenAPI file.
        takes: type of the request in the body, or the media type of one that is no JSON; None for
            no body.
        gives: type of the answer, or its media type.
        work: what answering it does, which decides how many are answered at once.
    """

    method: str
    path: str
    answer: Callable[[Service, Call], Reply]
    summary: str
    takes: type | str | None = None
    gives: type | str = JSON
    work: Work = Work.READS


def reply_to(service: Service, route: Route, call: Call) -> Reply:
    """Return what a route answers; what a person can mend is a reply with one line, `error`."""
    try:
        return route.answer(service, call)
    except RequestError as error:
        return error_reply(error.status, str(error))
    except PictureError as error:
        return error_reply(422, f"the picture cannot be read: {error.reason} ({error})")
    except (StoreError, EncoderError, MapError) as error:
        return error_reply(409, str(error))
    except ImgrecError as error:
        return error_reply(400, str(error))
    # Another process writes, or has damaged the file: nothing that the question is to blame for.
    except sqlite3.Error as error:
        return error_reply(503, f"the catalog cannot be read now: {error}")


def error_reply(status: int, text: str) -> Reply:
    """Return the reply of a request that is refused; its text becomes one line."""
    line = " ".join(text.split())[:_MOST_ERROR]
    return Reply(json.dumps({"error": line}).encode(), status=status)


def _json(value: Any) -> Reply:
    return Reply(json.dumps(_plain(value)).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.to_dict() if hasattr(value, "to_dict") else dataclasses.asdict(value)


def _media(media: Media) -> Reply:
    return Reply(media.data, media.content_type, headers=_KEPT if media.lasting else {})


def _body(call: Call) -> Any:
    try:
        return decoded(call.body)
    except ValueError as error:
        raise RequestError(f"the body is no JSON: {error}") from error


def _collection(service: Service, call: Call) -> Reply:
    """Return a collection as a file to be saved under its name."""
    name, form = call.path["name"], call.path["form"]
    body = collections.exported(service.recommender, name, form)
    suffix = "txt" if form == "paths" else form
    file = quote(f"{collections.export_folder(name)}.{suffix}", safe="")
    saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
    return Reply(body, collections.FORMS[form], headers=saved)


def _map_data(service: Service, call: Call) -> Reply:
    """Return a data file of the map, as the JSON value that it holds."""
    name = call.path["name"]
    value = service.map.read(call.path["map"], lambda opened: data_of(opened, name))
    return Reply(json.dumps(value).encode(), headers=_KEPT)


def _map_tile(service: Service, call: Call) -> Reply:
    level, x, y = (_number(call.path[part], "number of a tile", 9) for part in ("z", "x", "y"))
    tile = service.map.read(call.path["map"], lambda opened: tile_of(opened, level, x, y))
    return Reply(tile, BYTES, headers=_KEPT)


def _thumbnails(service: Service, call: Call) -> Reply:
    texts = call.path["ids"].split(",")
    if len(texts) > MOST_THUMBS:
        raise RequestError(f"{len(texts)} thumbnails are asked for: up to {MOST_THUMBS} at once")
    found = service.thumbnails([_number(text) for text in texts])
    return replace(_json(found), headers={} if None in found.jpegs else _KEPT)


def _id(call: Call) -> int:
    return _number(call.path["id"])


def _number(text: str, what: str = "id of a picture", digits: int = 18) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise RequestError(f"{text[:60]!r} is no {what}")
    return int(text)


_COMPUTES, _WAITS = Work.COMPUTES, Work.WAITS

ROUTES = (
    Route(
        "GET", "/api/health", lambda _service, _call: _json(Health(__version__)),
        "Whether the server answers", gives=Health,
    ),
    Route(
        "GET", "/api/store", lambda service, _: _json(service.store()),
        "What the store holds, and what can be asked of it", gives=StoreFacts,
    ),
    Route(
        "POST", "/api/search",
        lambda service, call: _json(service.search(SearchRequest.parse(_body(call)))),
        "The pictures most like others, or that show what a text says", SearchRequest, Found,
        work=_COMPUTES,
    ),
    Route(
        "POST", "/api/list",
        lambda service, call: _json(service.listed(ListRequest.parse(_body(call)))),
        "The pictures that pass a filter, by path", ListRequest, Listed, work=_COMPUTES,
    ),
    Route(
        "POST", "/api/facets",
        lambda service, call: _json(service.facets(FacetsRequest.parse(_body(call)))),
        "How many pictures have which label", FacetsRequest, Facets, work=_COMPUTES,
    ),
    Route(
        "GET", "/api/copies", lambda service, _: _json(service.copies()),
        "Which pictures have the same content", gives=Copies, work=_COMPUTES,
    ),
    Route(
        "POST", "/api/distances",
        lambda service, call: _json(service.distances(SearchRequest.parse(_body(call)))),
        "How many pictures lie how far from a question", SearchRequest, Histogram,
        work=_COMPUTES,
    ),
    Route(
        "POST", "/api/grid",
        lambda service, call: _media(service.grid(SearchRequest.parse(_body(call)))),
        "An answer drawn as one picture", SearchRequest, PNG, work=_WAITS,
    ),
    Route(
        "PUT", "/api/pictures",
        lambda service, call: _json(service.upload(call.body, call.content_type)),
        "Upload a picture, to ask about it", PICTURE, Upload, work=_WAITS,
    ),
    Route(
        "POST", "/api/pictures",
        lambda service, call: _json(service.pictures(PicturesRequest.parse(_body(call)))),
        "What is known of some pictures", PicturesRequest, Pictures,
    ),
    Route(
        "GET", "/api/uploads/{upload}",
        lambda service, call: _media(service.uploaded(call.path["upload"])),
        "An uploaded picture, small", gives=WEBP,
    ),
    Route(
        "GET", "/api/pictures/{id}", lambda service, call: _json(service.picture(_id(call))),
        "All that is known of a picture", gives=Facts,
    ),
    Route(
        "GET", "/api/thumb/{id}", lambda service, call: _media(service.thumbnail(_id(call))),
        "The thumbnail of a picture", gives=PICTURE,
    ),
    Route(
        "GET", "/api/thumbs/{ids}", _thumbnails,
        "The thumbnails of several pictures, their ids separated by commas", gives=Thumbnails,
    ),
    Route(
        "GET", "/api/preview/{id}", lambda service, call: _media(service.preview(_id(call))),
        "A picture some 1,000 pixels large", gives=PICTURE, work=_WAITS,
    ),
    Route(
        "GET", "/api/original/{id}", lambda service, call: _media(service.original(_id(call))),
        "A picture in full size", gives=PICTURE, work=_WAITS,
    ),
    Route(
        "GET", "/api/projector/{id}", lambda service, call: _json(service.places(_id(call))),
        "Where the projector shows a picture", gives=list[ProjectorPlace], work=_WAITS,
    ),
    Route(
        "POST", "/api/medoids",
        lambda service, call: _json(service.medoids(MedoidsRequest.parse(_body(call)))),
        "The few pictures that stand for many", MedoidsRequest, Medoids, work=_COMPUTES,
    ),
    Route(
        "GET", "/api/map", lambda service, _: _json(service.map.facts()),
        "The map of the network site: its token, its layouts and labels", gives=MapFacts,
    ),
    Route(
        "GET", "/api/map/{map}/data/{name}", _map_data,
        "A part of the map's positions, labels or facts",
    ),
    Route(
        "GET", "/api/map/{map}/tile/{z}/{x}/{y}", _map_tile,
        "A tile of the map: number of pictures, rows, slots, and a WebP", gives=BYTES,
    ),
    Route(
        "POST", "/api/map/{map}/distances",
        lambda service, call: _json(
            service.painted(call.path["map"], SearchRequest.parse(_body(call)))
        ),
        "How far all pictures of the map are from a question", SearchRequest, Painted,
        work=_COMPUTES,
    ),
    Route(
        "GET", "/api/collections",
        lambda service, _: _json(collections.listed(service.recommender.view().store)),
        "The collections, with their numbers of pictures", gives=list[Collection],
    ),
    Route(
        "POST", "/api/collections/{name}",
        lambda service, call: _json(
            collections.changed(
                service.recommender.view().store,
                call.path["name"],
                CollectionChange.parse(_body(call)),
            )
        ),
        "Add pictures to a collection, or take them from it", CollectionChange, Collection,
    ),
    Route(
        "DELETE", "/api/collections/{name}",
        lambda service, call: _json(
            collections.deleted(service.recommender.view().store, call.path["name"])
        ),
        "Delete a collection, not its pictures", gives=Collection,
    ),
    Route(
        "GET", "/api/collections/{name}/{form}", _collection,
        "A collection as a file: csv, json or paths", gives=BYTES,
    ),
    Route(
        "POST", "/api/collections/{name}/copy",
        lambda service, call: _json(
            collections.copied(
                service.recommender.view().store,
                service.exports,
                call.path["name"],
                CopyRequest.parse(_body(call)),
            )
        ),
        "Copy or link the files of a collection into the folder for exports", CopyRequest, Copied,
        work=_WAITS,
    ),
)  # fmt: skip
