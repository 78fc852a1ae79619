"""The collections of the live page by its routes, against the labels and files of the store."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from imgrec import Store, index_folders
from imgrec.serving import collections
from imgrec.serving.collections import COLUMNS, export_folder
from imgrec.serving.routes import ROUTES, Call, Reply, reply_to
from imgrec.serving.service import Service
from pictures import picture
from services import opened_service
from stores import HERE


@pytest.fixture
def service(own_store: Path, tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "exports").mkdir()
    with opened_service(own_store, tmp_path / "exports") as opened:
        yield opened


def _call(service: Service, method: str, path: str, value: object = None, **names: str) -> Reply:
    (route,) = (r for r in ROUTES if (r.method, r.path) == (method, f"/api/collections{path}"))
    body = b"" if value is None else json.dumps(value).encode()
    return reply_to(service, route, Call(names, body, "application/json"))


def _change(service: Service, name: str, **lists: list[int]) -> Any:
    reply = _call(service, "POST", "/{name}", lists, name=name)
    return reply.status, json.loads(reply.body)


def _file(service: Service, name: str, form: str) -> bytes:
    reply = _call(service, "GET", "/{name}/{form}", name=name, form=form)
    assert reply.status == 200
    return reply.body


def test_a_collection_is_made_listed_and_deleted(service: Service) -> None:
    assert _change(service, "best", add=[3, 1]) == (200, {"name": "best", "count": 2})
    assert _change(service, "a b ü", add=[1]) == (200, {"name": "a b ü", "count": 1})
    assert _change(service, "best", remove=[3], add=[7, 8]) == (200, {"name": "best", "count": 3})
    listed = _call(service, "GET", "")
    assert json.loads(listed.body) == [
        {"name": "a b ü", "count": 1},
        {"name": "best", "count": 3},
    ]
    gone = _call(service, "DELETE", "/{name}", name="best")
    assert json.loads(gone.body) == {"name": "best", "count": 3}
    assert set(service.recommender.store.catalog.labels.rows("collection")) == {(1, "a b ü")}
    assert _call(service, "DELETE", "/{name}", name="best").status == 404


def test_the_last_picture_that_is_removed_ends_a_collection(service: Service) -> None:
    _change(service, "best", add=[3])
    assert _change(service, "best", remove=[3]) == (200, {"name": "best", "count": 0})
    assert json.loads(_call(service, "GET", "").body) == []
    assert _call(service, "GET", "/{name}/{form}", name="best", form="csv").status == 404


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("best", {"add": [99]}, 400),
        ("best", {"add": [-1]}, 400),
        ("best", {"add": [1.5]}, 400),
        ("best", {"add": [True]}, 400),
        ("best", {"add": 1}, 400),
        ("best", {"ad": [1]}, 400),
        ("best", [1], 400),
        ("a,b", {"add": [1]}, 400),
        ("..", {"add": [1]}, 400),
        ("a/b", {"add": [1]}, 400),
        ("a\nb", {"add": [1]}, 400),
        ("x" * 101, {"add": [1]}, 400),
        (" ", {"add": [1]}, 400),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(
    service: Service, name: str, value: object, status: int
) -> None:
    reply = _call(service, "POST", "/{name}", value, name=name)
    assert reply.status == status
    (text,) = json.loads(reply.body).values()
    assert text.isprintable()
    assert service.recommender.store.catalog.labels.rows("collection") == []


@pytest.mark.parametrize("name", ["none", "", "../../etc", "a,b", "\0", "x" * 5000])
@pytest.mark.parametrize("form", ["csv", "json", "paths"])
def test_an_unknown_collection_is_no_file(service: Service, name: str, form: str) -> None:
    _change(service, "best", add=[1])
    reply = _call(service, "GET", "/{name}/{form}", name=name, form=form)
    assert reply.status == 404
    assert len(reply.body) < 1000
    other = _call(service, "GET", "/{name}/{form}", name="best", form=f"{form}x")
    assert other.status == 404


def test_a_table_has_a_row_for_each_picture(service: Service) -> None:
    ids = [2, 9, 17]
    _change(service, "best", add=ids)
    rows = list(csv.DictReader(io.StringIO(_file(service, "best", "csv").decode())))
    assert tuple(rows[0]) == COLUMNS
    store = service.recommender.store
    entries = sorted(store.catalog.entries(ids), key=lambda entry: entry.path)
    assert [int(row["id"]) for row in rows] == [entry.id for entry in entries]
    for row, entry in zip(rows, entries, strict=True):
        file = Path(row["file"])
        assert file == Path(row["root"], row["path"]) == Path(entry.location)
        assert int(row["bytes"]) == file.stat().st_size
        assert (row["width"], row["height"]) == (str(entry.width), str(entry.height))
        assert row["collections"] == "best"
        assert row["folder"] == file.parent.name


def test_a_list_of_paths_and_an_object(service: Service) -> None:
    ids = [2, 9, 17]
    _change(service, "best", add=ids)
    catalog = service.recommender.store.catalog
    expected = sorted(entry.location for entry in catalog.entries(ids))
    assert _file(service, "best", "paths").decode().splitlines() == expected
    found = json.loads(_file(service, "best", "json"))
    assert found["collection"] == "best"
    assert [picture["file"] for picture in found["results"]] == expected
    listed = service.recommender.pictures(["collection=best"]).to_dict()
    assert found == {"collection": "best", **listed}


@pytest.mark.parametrize("name", ["best", "my best", "Ünï", '"; filename=x', "a%2fb", "=1+1"])
def test_a_file_is_saved_under_the_name_of_its_collection(service: Service, name: str) -> None:
    _change(service, name, add=[1])
    reply = _call(service, "GET", "/{name}/{form}", name=name, form="csv")
    header = Message()
    header["Content-Disposition"] = reply.headers["Content-Disposition"]
    assert header.get_content_disposition() == "attachment"
    assert reply.headers["Content-Disposition"].isascii()
    assert "\n" not in reply.headers["Content-Disposition"]
    saved = unquote(reply.headers["Content-Disposition"].partition("''")[2])
    assert saved == f"{export_folder(name)}.csv"
    assert quote(saved, safe="") in reply.headers["Content-Disposition"]


def test_names_of_files_are_no_formulas_and_no_lines(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    names = ["=HYPERLINK(1).png", "+1.png", "@x.png", "-2.png", "a\nb.png", 'q"uote,.png', "'t.png"]
    for number, name in enumerate(names):
        picture("discs", number).save(folder / "plain.png")
        (folder / "plain.png").rename(folder / name)
    index_folders([folder], tmp_path / "store", HERE)
    with opened_service(tmp_path / "store") as service:
        _change(service, "=best", add=list(range(1, len(names) + 1)))
        text = _file(service, "=best", "csv").decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == len(names) == len(text.splitlines()) - 1
        assert not [v for row in rows for v in row.values() if v.startswith(("=", "+", "-", "@"))]
        lines = _file(service, "=best", "paths").decode().splitlines()
        assert {Path(line).name for line in lines} == {*names} - {"a\nb.png"}


def test_files_are_copied_into_the_folder_of_the_name(service: Service, tmp_path: Path) -> None:
    ids = [2, 9, 17]
    _change(service, "best", add=ids)
    entries = service.recommender.store.catalog.entries(ids)
    reply = _call(service, "POST", "/{name}/copy", {"how": "copy"}, name="best")
    done = json.loads(reply.body)
    assert done == {
        "folder": str(tmp_path / "exports" / "best"), "written": 3, "there": 0, "failed": [],
    }  # fmt: skip
    there = {file.read_bytes() for file in (tmp_path / "exports" / "best").iterdir()}
    assert there == {Path(entry.location).read_bytes() for entry in entries}
    linked = json.loads(_call(service, "POST", "/{name}/copy", {"how": "link"}, name="best").body)
    assert (linked["written"], linked["there"]) == (0, 3)


def test_nothing_is_copied_without_a_folder_for_it(own_store: Path) -> None:
    with opened_service(own_store) as service:
        _change(service, "best", add=[1])
        reply = _call(service, "POST", "/{name}/copy", {}, name="best")
        assert reply.status == 403
        assert b"--exports DIR" in reply.body


@pytest.mark.parametrize("value", [{"how": "move"}, {"to": "/tmp"}, {"how": None}, [], "copy"])
def test_a_request_names_no_folder(service: Service, tmp_path: Path, value: object) -> None:
    _change(service, "best", add=[1])
    assert _call(service, "POST", "/{name}/copy", value, name="best").status == 400
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_link_in_the_place_of_the_folder_is_refused(service: Service, tmp_path: Path) -> None:
    _change(service, "best", add=[1])
    (tmp_path / "outside").mkdir()
    (tmp_path / "exports" / "best").symlink_to(tmp_path / "outside")
    reply = _call(service, "POST", "/{name}/copy", {"how": "copy"}, name="best")
    assert reply.status == 400
    assert list((tmp_path / "outside").iterdir()) == []


def test_one_copies_at_a_time(service: Service) -> None:
    _change(service, "best", add=[1])
    with collections._copying:
        assert _call(service, "POST", "/{name}/copy", {}, name="best").status == 503
    assert _call(service, "POST", "/{name}/copy", {}, name="best").status == 200


@pytest.mark.parametrize(
    "name",
    ["best", "Best", "two words", "a%2fb", "con", "nul.txt", ".hidden", "end.", "a:b", "x?*<>|",
     "ü", "~", "-rf", "$(x)", "a..b", "%41", "'", "tab le"],
)  # fmt: skip
def test_a_folder_has_a_name_that_any_file_system_takes(name: str) -> None:
    folder = export_folder(name)
    assert Path(folder).name == folder
    assert not set('<>:"|?*\\/') & set(folder)
    assert not folder.startswith((".", "-", "~"))
    assert not folder.endswith((".", " "))
    assert folder.partition(".")[0].lower() not in ("con", "nul", "aux", "prn")


def test_different_names_have_different_folders() -> None:
    names = [
        "best",
        "Best",
        "a b",
        "a%20b",
        ".a",
        "%2Ea",
        "con",
        "%63on",
        "ü",
        "%C3%BC",
        "a:",
        "a?",
    ]
    assert len({export_folder(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["best", "Best of 2024", "Ünï (1)", "it's", "a & b"])
def test_a_plain_name_is_its_own_folder(name: str) -> None:
    assert export_folder(name) == name


def test_a_store_that_is_gone_is_one_line(service: Service) -> None:
    _change(service, "best", add=[1])
    shutil.rmtree(service.recommender.store.path)
    reply = _call(service, "POST", "/{name}", {"add": [2]}, name="best")
    assert reply.status == 409
    assert b"is gone" in reply.body


def test_what_another_process_marks_is_seen(service: Service, own_store: Path) -> None:
    _change(service, "best", add=[1])
    with Store.create(own_store) as other:
        other.catalog.labels.add("collection", {5: "best", 6: "theirs"})
    assert json.loads(_call(service, "GET", "").body) == [
        {"name": "best", "count": 2},
        {"name": "theirs", "count": 1},
    ]
