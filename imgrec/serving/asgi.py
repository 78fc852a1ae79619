"""The application of the live page: FastAPI around `ROUTES`, behind the guards.

Everything is decided elsewhere: what is asked and answered in `imgrec.serving.routes`, who may ask
in `imgrec.serving.guards`. Here a route becomes a path of FastAPI, its answer runs in a thread, and
what no route answers is JSON too. The OpenAPI file is made when it is asked for: its schemas take
longer to build than a server takes to start.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from imgrec.serving.folders import Folders
from imgrec.serving.guarded import Guarded
from imgrec.serving.guards import Access
from imgrec.serving.page_files import page_places
from imgrec.serving.routes import ROUTES, Call, Reply, error_reply, reply_to
from imgrec.serving.service import Service
from imgrec.serving.turns import Turns, Work
from imgrec.version import __version__

_Answer = Callable[[Request], Awaitable[Response]]


def make_app(service: Service, access: Access, folders: Folders | None = None) -> Guarded:
    """Return the application over a service, as ASGI 3 has it.

    Args:
        service: answers.
        access: what opens it.
        folders: the network site and the report, served below `/files/`; None for none.
    """
    app = FastAPI(
        title="imgrec", version=__version__, docs_url=None, redoc_url=None, openapi_url=None,
        redirect_slashes=False, exception_handlers={HTTPException: _no_route, Exception: _failed},
    )  # fmt: skip
    turns = Turns()
    for route in ROUTES:
        answer = partial(reply_to, service, route)
        endpoint = _endpoint(answer, turns, route.work)
        app.add_api_route(route.path, endpoint, methods=[route.method], include_in_schema=False)
    for path, read in _files(folders).items():
        endpoint = _endpoint(read, turns, Work.READS)
        app.add_api_route(path, endpoint, methods=["GET"], include_in_schema=False)
    return Guarded(app, access)


def _files(folders: Folders | None) -> Mapping[str, Callable[[Call], Reply]]:
    """Return what is served beside the routes, by path."""
    found: dict[str, Callable[[Call], Reply]] = {
        **page_places(),
        "/api/openapi.json": lambda _: Reply(_openapi()),
    }
    if folders is not None:
        found["/files/{secret}/{which}/{file:path}"] = lambda call: folders.reply(
            call.path["which"], call.path["file"]
        )
    return found


@cache
def _openapi() -> bytes:
    from imgrec.serving.openapi import openapi

    return json.dumps(openapi(ROUTES)).encode()


def _endpoint(answer: Callable[[Call], Reply], turns: Turns, work: Work) -> _Answer:
    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        call = Call(dict(request.path_params), await request.body(), kind)
        # The end of the server, which cancels it, does not wait for what nobody will read.
        reply = await asyncio.wrap_future(turns.submit(work, answer, call))
        return _response(reply)

    return endpoint


def _response(reply: Reply) -> Response:
    headers = {"content-type": reply.content_type, **reply.headers}
    return Response(reply.body, reply.status, headers)


async def _failed(_request: Request, _error: Exception) -> Response:
    """Answer that the server failed; the guard, which gets the exception too, tells at what."""
    return _response(error_reply(500, "the server failed at this; its terminal says more"))


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer what is no route, or none of this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        reply = error_reply(405, f"{request.method} is not a method of this address")
    else:
        reply = error_reply(error.status_code, "there is no such address")
    response = _response(reply)
    response.headers.update(error.headers or {})
    return response
