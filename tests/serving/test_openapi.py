"""Requests made from the OpenAPI file, by schemathesis: no route fails, each answers as it says."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from guarded_server import GuardedServer, guarded, parts, status
from imgrec.serving.openapi import openapi
from imgrec.serving.routes import ROUTES

# What takes nothing cannot be asked wrongly.
ASKED = [
    (route.method, route.path, mode)
    for route in ROUTES
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE or "{" in route.path or route.takes is not None
]
# Not that what fits the schema is answered: a schema knows no ids, no features, no dates.
CHECKS: list[Any] = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
]
BOUNDED = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    """Serve a copy of the store, whose collections are changed."""
    store = tmp_path_factory.mktemp("asked") / "store"
    shutil.copytree(photo_store, store)
    with guarded(store) as running:
        yield running


@pytest.fixture(scope="module")
def document(server: GuardedServer) -> dict[str, Any]:
    """Return the file as the server sends it."""
    answer = server.ask("GET", "/api/openapi.json")
    assert status(answer) == 200
    found: dict[str, Any] = json.loads(parts(answer)[1])
    return found


@pytest.mark.parametrize(("method", "path", "mode"), ASKED)
def test_every_request_is_answered_as_the_file_says(
    server: GuardedServer, document: dict[str, Any], method: str, path: str, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_dict(document)[path][method]
    asked = 0

    @BOUNDED
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        nonlocal asked
        case: Case = data.draw(operation.as_strategy(generation_mode=mode))
        response = case.call(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {server.access.token}"},
        )
        asked += 1
        # 410 refuses too: an upload of an impossible name is none that is kept.
        refused = [negative_data_rejection] if response.status_code == 410 else None
        case.validate_response(response, checks=CHECKS, excluded_checks=refused)
        # A wrong request may have its token changed.
        assert response.status_code != 401 or mode == GenerationMode.NEGATIVE
        assert response.headers["x-content-type-options"] == ["nosniff"]

    ask()
    assert asked


def test_the_file_names_every_route_and_no_other(document: dict[str, Any]) -> None:
    named = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert named == {(route.method, route.path) for route in ROUTES}
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"token": []}]
    assert document == json.loads(json.dumps(openapi(ROUTES)))


def test_every_reference_of_the_file_leads_somewhere(document: dict[str, Any]) -> None:
    referred = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert referred
    assert referred <= document["components"]["schemas"].keys()


def test_the_file_needs_the_token(server: GuardedServer) -> None:
    assert status(server.ask("GET", "/api/openapi.json", token=False)) == 401
