"""The service of a store, opened as `imgrec serve` opens it, and called through FastAPI."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from imgrec.serving.answers import Found
from imgrec.serving.asgi import make_app
from imgrec.serving.guards import Access
from imgrec.serving.opening import opened_store
from imgrec.serving.requests import SearchRequest
from imgrec.serving.service import Service
from serving_contract import Answered, Caller

_ACCESS = Access(token="the-token", files="the-secret", port=8000)


@contextmanager
def opened_service(path: Path, exports: Path | None = None) -> Iterator[Service]:
    """Open the service of a store until the context ends."""
    with opened_store(path) as (recommender, decoder):
        yield Service(recommender, decoder, exports=exports)


def ask(service: Service, **asked: object) -> Found:
    return service.search(SearchRequest.parse(asked))


def caller(service: Service) -> Caller:
    """Return what calls a service through FastAPI, with the token."""
    app = make_app(service, _ACCESS)
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        allowed = {"authorization": f"Bearer {_ACCESS.token}", **headers}
        response = client.request(method, path, headers=allowed, content=body or None)
        return Answered(response.status_code, response.headers, response.content)

    return call
