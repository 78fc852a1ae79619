"""The application of the live page: FastAPI around `ROUTES`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from imgrec.serving.routes import ROUTES, Call, Route, reply_to
from imgrec.serving.service import Service
from imgrec.version import __version__

_PAGE = Path(__file__).parent / "page"


def make_app(service: Service) -> FastAPI:
    """Return the application over a service."""
    app = FastAPI(
        title="imgrec",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    for route in ROUTES:
        app.add_api_route(
            route.path, _endpoint(service, route), methods=[route.method], summary=route.summary
        )

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    @app.get("/page/{name}", include_in_schema=False)
    def asset(name: str) -> Response:
        known = {path.name: path for path in _PAGE.iterdir()}
        return FileResponse(known[name]) if name in known else Response(status_code=404)

    return app


def _endpoint(service: Service, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        call = Call(dict(request.path_params), await request.body(), kind)
        reply = await run_in_threadpool(reply_to, service, route, call)
        return Response(reply.body, reply.status, dict(reply.headers), reply.content_type)

    return endpoint
