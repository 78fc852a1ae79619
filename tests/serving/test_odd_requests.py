"""Requests that are wrong in a way of their own, and stores whose texts are: each has an answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

import vector_stores
from imgrec import Store
from imgrec.search.grid import _CELL_PX, _fitted
from imgrec.serving.routes import ROUTES, Call, Reply, reply_to
from imgrec.serving.service import Service
from imgrec.system.file_names import TEXT, text
from services import opened_service

_ROUTES = {(route.method, route.path): route for route in ROUTES}
_WHOLE = {"x": 0, "y": 0, "width": 1, "height": 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return vector_stores.make(tmp_path / "store", {"x": vector_stores.clustered(40, 8)})


@pytest.fixture
def service(path: Path) -> Iterator[Service]:
    with opened_service(path) as opened:
        yield opened


def _post(service: Service, path: str, value: object, **names: str) -> Reply:
    call = Call(names, json.dumps(value).encode(), "application/json")
    return reply_to(service, _ROUTES["POST", path], call)


@pytest.mark.parametrize(
    "asked",
    [
        {"pictures": [{"id": 1, "box": {**_WHOLE, "z": 0}}]},
        {"pictures": [{"id": 1, "boxes": _WHOLE}]},
        {"unwanted": [{"id": 1, "\ud800": 1}], "pictures": [2]},
        {"pictures": [1], "where": {"\ud800": "x"}},
        {"pictures": [1], "where": {"k" * 5000: "x"}},
        {"pictures": [1], "where": ["\ud800=x"]},
        {"pictures": [1], "where": ["kind=\0"]},
        {"pictures": [1], "under": ["\0"]},
        {"pictures": [1], "under": ["\ud800"]},
    ],
)
@pytest.mark.parametrize("route", ["search", "distances", "grid"])
def test_what_means_nothing_is_refused(service: Service, route: str, asked: dict[str, Any]) -> None:
    reply = _post(service, f"/api/{route}", asked)
    assert reply.status == 400
    assert json.loads(reply.body).keys() == {"error"}


@pytest.mark.parametrize("within", [1e300, -1e300, (1 << 63) - 1, -(1 << 63)])
def test_a_limit_beyond_all_distances_is_one(service: Service, within: float) -> None:
    reply = _post(service, "/api/search", {"pictures": [1], "k": 50, "within": within})
    assert reply.status == 200
    assert len(json.loads(reply.body)["results"]) == (39 if within > 0 else 0)


def test_names_that_are_no_unicode_can_be_asked_for(service: Service, path: Path) -> None:
    """A facet tells them, and a filter takes what a facet tells."""
    name = "caf\udce9"
    with Store.create(path) as store, store.catalog.transaction() as db:
        for value in (name, "two\nlines"):
            db.execute(f"INSERT INTO labels VALUES (1, 'place', {TEXT})", [text(value)])
        db.execute(f"UPDATE images SET path = {TEXT} WHERE id = 1", [text(f"{name}/a.jpg")])
    told = json.loads(_post(service, "/api/facets", {}).body)
    (place,) = [facet for facet in told["facets"] if facet["kind"] == "place"]
    values = [value["value"] for value in place["values"]]
    assert len(values) == 2
    for value in values:
        reply = _post(service, "/api/list", {"where": {"place": value}})
        assert reply.status == 200, reply.body
        assert [one["id"] for one in json.loads(reply.body)["pictures"]] == [1]
    reply = _post(service, "/api/list", {"under": [name]})
    assert [one["id"] for one in json.loads(reply.body)["pictures"]] == [1]


def test_a_picture_may_have_any_number_of_labels(service: Service, path: Path) -> None:
    values = [f"v{number:06d}" for number in range(30_000)]
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany("INSERT INTO labels VALUES (1, 'many', ?)", [[value] for value in values])
    facts = service.picture(1)
    assert facts.picture.labels["many"] == ", ".join(values)


def test_a_name_of_any_length_is_cut_to_the_width_of_a_cell() -> None:
    font = ImageFont.load_default(17)
    asked: list[str] = []

    class Ruler:
        def getlength(self, line: str) -> float:
            asked.append(line)
            return float(font.getlength(line))

    fitted = _fitted("a" * 1_000_000 + "end.jpg", Ruler(), _CELL_PX, keep_end=8)  # type: ignore[arg-type]
    assert fitted.endswith("…aend.jpg")
    assert font.getlength(fitted) <= _CELL_PX < font.getlength("a" + fitted)
    # Else a page of such names takes minutes.
    assert sum(map(len, asked)) < 10 * _CELL_PX**2


@pytest.mark.parametrize("letter", ["a", "é", "日", "😀"])
def test_a_collection_of_any_name_can_be_copied(
    service: Service, tmp_path: Path, letter: str
) -> None:
    service.exports = tmp_path / "exports"
    folders = set()
    for name in (letter * 100, letter * 99 + "b"):
        reply = _post(service, "/api/collections/{name}", {"add": [1]}, name=name)
        assert reply.status == 200, reply.body
        told = json.loads(_post(service, "/api/collections/{name}/copy", {}, name=name).body)
        folders.add(Path(told["folder"]))
    assert len(folders) == 2
    assert {*folders} == {*service.exports.resolve().iterdir()}


def test_a_folder_that_cannot_be_made_is_told(service: Service, tmp_path: Path) -> None:
    (tmp_path / "a file").write_bytes(b"")
    service.exports = tmp_path / "a file" / "exports"
    assert _post(service, "/api/collections/{name}", {"add": [1]}, name="best").status == 200
    reply = _post(service, "/api/collections/{name}/copy", {}, name="best")
    assert reply.status == 403
    assert "cannot be written" in json.loads(reply.body)["error"]
