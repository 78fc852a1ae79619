"""The map over both adapters; what happens when its site is written anew, or damaged."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import vector_stores
import wsgi_calls
from imgrec.serving.errors import GoneError
from imgrec.serving.service import Service
from imgrec.serving.site_map import ServedMap
from map_contract import MapContract, Mapped, array
from mapped_stores import rewrite, write_mapped
from services import caller, opened_service
from serving_contract import Caller, got, refused_in_one_line

Adapter = Callable[[Service], Caller]


@pytest.fixture(scope="module")
def made(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the paths of a store and its site."""
    return write_mapped(photo_store, tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="module", params=[caller, wsgi_calls.caller], ids=["fastapi", "wsgi"])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Return what makes a caller of a service, through one adapter after the other."""
    made: Adapter = request.param
    return made


@pytest.fixture(scope="module")
def mapped(made: tuple[Path, Path], adapter: Adapter) -> Iterator[Mapped]:
    with opened_service(made[0]) as service:
        yield Mapped(adapter(service), *made)


@pytest.fixture(scope="module")
def call(photo_store: Path, adapter: Adapter) -> Iterator[Caller]:
    """Yield a caller of `photo_store`, which has no site."""
    with opened_service(photo_store) as service:
        yield adapter(service)


@pytest.fixture
def own(made: tuple[Path, Path], tmp_path: Path) -> Iterator[Mapped]:
    """Yield a copy of the store and its site, to be changed."""
    copies = [Path(shutil.copytree(path, tmp_path / path.name)) for path in made]
    with opened_service(copies[0]) as service:
        yield Mapped(caller(service), *copies)


class TestAdapters(MapContract):
    """Runs the contract over FastAPI and over WSGI."""


def test_a_map_that_was_written_anew_has_another_token(own: Mapped) -> None:
    before = own.token
    assert own.token == before
    vector_stores.remove(own.store, [5])
    rewrite(own.store, own.site)
    for place in ("data/points-00", "tile/0/0/0"):
        refused_in_one_line(own.call("GET", f"/api/map/{before}/{place}", {}, b""), 410)
    assert own.token != before
    assert got(own.call, "/api/map").json["facts"]["pictures"] == 23
    assert 5 not in own.ids()
    assert got(own.call, f"/api/map/{own.token}/data/points-00").json == own.file("points-00")


def test_what_was_read_from_a_site_that_is_replaced_meanwhile_is_not_answered(own: Mapped) -> None:
    served = ServedMap(own.store)
    token = served.facts().map
    assert served.read(token, lambda opened: opened.ids.tolist()) == own.ids().tolist()

    def read(opened: object) -> str:
        rewrite(own.store, own.site)
        return "of which of both?"

    with pytest.raises(GoneError):
        served.read(token, read)
    token = served.facts().map

    def fail(opened: object) -> str:
        rewrite(own.store, own.site)
        raise OSError("a file that is gone")

    with pytest.raises(GoneError):
        served.read(token, fail)


def test_a_picture_that_is_gone_keeps_its_row(own: Mapped) -> None:
    vector_stores.remove(own.store, [5])
    asked = json.dumps({"pictures": [6]}).encode()
    path = f"/api/map/{own.token}/distances"
    answer = own.call("POST", path, {"content-type": "application/json"}, asked)
    assert answer.status == 200
    steps = dict(zip(own.ids().tolist(), array(answer.json["distances"], "u1"), strict=True))
    assert len(steps) == 24
    assert [i for i, step in steps.items() if step == 255] == [5]


def test_a_site_of_another_store_is_not_read(own: Mapped, tmp_path: Path) -> None:
    marker = own.site / "site.json"
    found = json.loads(marker.read_text("utf-8"))
    marker.write_text(json.dumps({**found, "store": "0" * 32}), "utf-8")
    refused_in_one_line(own.call("GET", "/api/map", {}, b""), 404)
    assert got(own.call, "/api/store").json["map"] is False


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": 1}', b"[" * 100_000, b"alert(1)"])
def test_damaged_facts_are_refused_in_one_line(own: Mapped, data: bytes) -> None:
    (own.site / "map" / "map.json").write_bytes(data)
    refused_in_one_line(own.call("GET", "/api/map", {}, b""), 409)


@pytest.mark.parametrize(
    "data",
    [b"", b"alert(1)", b'imgrecMapData("points-00",{});\n', b'imgrecMapData("labels",{});\n'],
)
def test_damaged_points_are_refused_in_one_line(own: Mapped, data: bytes) -> None:
    token = own.token
    (own.site / "map" / "points-00.js").write_bytes(data)
    refused_in_one_line(own.call("GET", f"/api/map/{token}/data/points-00", {}, b""), 409)
    body = json.dumps({"pictures": [6]}).encode()
    path = f"/api/map/{token}/distances"
    refused_in_one_line(own.call("POST", path, {"content-type": "application/json"}, body), 409)


def test_a_damaged_part_is_refused_and_the_rest_is_there(own: Mapped) -> None:
    token = own.token
    (own.site / "map" / "details-0000.js").write_bytes(b'imgrecMapData("details-0000",alert(1));\n')
    refused_in_one_line(own.call("GET", f"/api/map/{token}/data/details-0000", {}, b""), 409)
    assert got(own.call, f"/api/map/{token}/data/near-0000").json == own.file("near-0000")


def test_nothing_is_read_through_a_link(own: Mapped, tmp_path: Path) -> None:
    token, file = own.token, own.site / "map" / "details-0000.js"
    elsewhere = tmp_path / "elsewhere.js"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    refused_in_one_line(own.call("GET", f"/api/map/{token}/data/details-0000", {}, b""), 409)


def test_a_site_that_goes_away(own: Mapped) -> None:
    token = own.token
    shutil.rmtree(own.site)
    refused_in_one_line(own.call("GET", "/api/map", {}, b""), 404)
    refused_in_one_line(own.call("GET", f"/api/map/{token}/data/points-00", {}, b""), 404)


def test_the_service_is_used_without_a_map(photo_store: Path) -> None:
    with opened_service(photo_store) as service:
        assert isinstance(service, Service)
        assert not service.map.is_there()
