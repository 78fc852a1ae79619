"""What every adapter of the service has to answer, whatever carries the requests.

A test module makes a subclass of `ServingContract` with a fixture `call`: a `Caller` that is
allowed in, over the store of the fixture `photo_store`. FastAPI's adapter runs it, and so will any
other. What is answered is compared with the command `imgrec query` and with the files.
"""

import base64
import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgrec import Store
from imgrec.pictures.decoding import digest
from imgrec.query import main
from imgrec.serving.routes import ROUTES
from pictures import encoded, picture

# A value of each parameter in the path of a route.
SOME = {
    "id": "1", "ids": "1,2", "upload": "x", "name": "none", "form": "csv",
    "map": "none", "x": "0", "y": "0", "z": "0",
}  # fmt: skip
_JSON = {"content-type": "application/json"}
_QUESTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one picture": ({"pictures": [1]}, ["1"]),
    "two and an unwanted one": (
        {"pictures": [1, 10], "unwanted": [20], "k": 7},
        ["1", "10", "--not", "20", "-k", "7"],
    ),
    "the least of three": (
        {"pictures": [3, 11, 19], "fuse": "min", "metric": "euclidean", "k": 21},
        ["3", "11", "19", "--fuse", "min", "--metric", "euclidean", "-k", "21"],
    ),
    "ranks": (
        {"pictures": [3, 4], "fuse": "rank", "k": 3},
        ["3", "4", "--fuse", "rank", "-k", "3"],
    ),
    "a filter": (
        {"pictures": [2], "where": ["folder=discs", "folder=checks", "color=green"]},
        ["2", "--where", "folder=discs", "--where", "folder=checks", "--where", "color=green"],
    ),
    "a folder": ({"pictures": [2], "under": ["stripes"]}, ["2", "--under", "stripes"]),
    "features": (
        {"pictures": [2], "features": {"mini": 1, "rgb": 0.5}, "metric": "manhattan"},
        ["2", "--features", "mini=1,rgb=0.5", "--metric", "manhattan"],
    ),
    "histograms": (
        {"pictures": [2], "encoder": "rgb", "metric": "chi2", "index": "exact"},
        ["2", "--encoder", "rgb", "--metric", "chi2", "--exact"],
    ),
    "joined metrics": (
        {"pictures": [5], "metric": "combined", "k": 4},
        ["5", "--metric", "combined", "-k", "4"],
    ),
}


@dataclass(frozen=True)
class Answered:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The JSON value of the body."""
        assert self.headers["content-type"].partition(";")[0] == "application/json"
        return json.loads(self.body)


# Method, path, headers in lower case, body.
Caller = Callable[[str, str, Mapping[str, str], bytes], Answered]


class ServingContract:
    """The tests; a subclass has the fixture `call`."""

    @pytest.mark.parametrize("name", _QUESTIONS)
    def test_a_search_is_the_query_of_the_command(
        self, call: Caller, photo_store: Path, name: str
    ) -> None:
        asked, arguments = _QUESTIONS[name]
        found = posted(call, "/api/search", asked)
        expected = queried(photo_store, *_paths(photo_store, arguments))
        assert found["elapsed_ms"] > 0 and len(found["results"]) > 0
        assert found["queries"] == [f"id {i}" for i in asked["pictures"]]
        assert _answer_of(found) == _answer_of(expected)

    @pytest.mark.parametrize("k", [1, 4, 7, 22, 23, 100])
    def test_parts_are_one_answer(self, call: Caller, photo_store: Path, k: int) -> None:
        whole = queried(photo_store, *_paths(photo_store, ["6", "-k", "100"]))["results"]
        found = posted(call, "/api/search", {"pictures": [6], "k": k})
        results = found["results"]
        while found["cursor"]:
            again = posted(call, "/api/search", {"cursor": found["cursor"], "k": k})
            found = posted(call, "/api/search", {"cursor": found["cursor"], "k": k})
            assert again["results"] == found["results"]
            assert 0 < len(found["results"]) <= k
            results += found["results"]
        assert results == whole

    def test_a_limit_of_distance(self, call: Caller, photo_store: Path) -> None:
        whole = queried(photo_store, *_paths(photo_store, ["6", "-k", "100"]))["results"]
        within = whole[8]["distance"]
        found = posted(call, "/api/search", {"pictures": [6], "k": 50, "within": within})
        assert found["results"] == [one for one in whole if one["distance"] <= within]
        assert found["cursor"] is None

    def test_a_list_is_that_of_the_command(self, call: Caller, photo_store: Path) -> None:
        expected = queried(photo_store, "--where", "folder=discs")
        found = posted(call, "/api/list", {"where": {"folder": "discs"}, "k": 3})
        pictures = found["pictures"]
        while found["cursor"]:
            found = posted(call, "/api/list", {"cursor": found["cursor"], "k": 3})
            pictures += found["pictures"]
        assert pictures == expected["results"]
        assert found["images"] == expected["images"] == 8

    def test_facets_count_what_filters_find(self, call: Caller) -> None:
        wanted = {"folder": "discs"}
        found = posted(call, "/api/facets", {"where": wanted})
        assert found["images"] == 8
        counted = {facet["kind"]: facet["values"] for facet in found["facets"]}
        assert {value["value"]: value["count"] for value in counted["folder"]} == {
            "checks": 8, "discs": 8, "stripes": 8,
        }  # fmt: skip
        assert counted["color"]
        for value in counted["color"]:
            both = {**wanted, "color": value["value"]}
            assert posted(call, "/api/list", {"where": both})["images"] == value["count"]

    def test_distances_are_those_of_the_answer(self, call: Caller) -> None:
        found = posted(call, "/api/distances", {"pictures": [6]})
        results = posted(call, "/api/search", {"pictures": [6], "k": 100})["results"]
        assert sum(found["counts"]) == len(results) and found["exact"]
        for edge, below in zip(found["edges"][1:-1], _sums(found["counts"]), strict=False):
            assert sum(one["distance"] < edge for one in results) == below
        assert found["edges"][-1] == pytest.approx(results[-1]["distance"])

    def test_an_upload_is_asked_about(self, call: Caller, photo_store: Path) -> None:
        facts = got(call, "/api/pictures/7").json
        file = Path(facts["picture"]["file"])
        uploaded = call("PUT", "/api/pictures", {"content-type": "image/jpeg"}, file.read_bytes())
        assert uploaded.status == 200
        upload = uploaded.json
        assert [one["id"] for one in upload["same"]] == [7]
        assert (upload["width"], upload["height"]) == (facts["width"], facts["height"])
        found = posted(call, "/api/search", {"pictures": [upload["upload"]], "k": 23})
        expected = posted(call, "/api/search", {"pictures": [7], "k": 23})
        assert found["results"] == expected["results"]
        shown = got(call, f"/api/uploads/{upload['upload']}")
        assert shown.headers["content-type"] == "image/webp"
        assert _size(shown) == (facts["width"], facts["height"])

    def test_a_part_of_an_upload_is_asked_about(self, call: Caller) -> None:
        data = encoded(picture("discs", 70, (400, 300)), "PNG")
        kind = {"content-type": "application/octet-stream"}
        token = call("PUT", "/api/pictures", kind, data).json["upload"]
        whole = posted(call, "/api/search", {"pictures": [token]})
        box = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.3}
        part = posted(call, "/api/search", {"pictures": [{"upload": token, "box": box}]})
        assert part["results"] and whole["results"]
        assert [one["distance"] for one in part["results"]] != [
            one["distance"] for one in whole["results"]
        ]

    def test_what_is_known_of_a_picture(self, call: Caller) -> None:
        facts = got(call, "/api/pictures/3").json
        file = Path(facts["picture"]["file"])
        assert facts["bytes"] == file.stat().st_size and facts["format"] == "JPEG"
        with Image.open(file) as image:
            assert image.size == (facts["width"], facts["height"])
        original = got(call, "/api/original/3")
        assert original.headers["content-type"] == "image/jpeg"
        assert digest(original.body) == digest(file.read_bytes())
        for kind in ("thumb", "preview"):
            kept = got(call, f"/api/{kind}/3").headers
            # Of another server at this port, an id is another picture.
            assert "max-age" in kept["cache-control"] and kept["vary"].lower() == "cookie"
            assert _size(got(call, f"/api/{kind}/3")) == (facts["width"], facts["height"])

    def test_thumbnails_come_together(self, call: Caller) -> None:
        answered = got(call, "/api/thumbs/3,24,1")
        found = [base64.b64decode(jpeg, validate=True) for jpeg in answered.json["jpegs"]]
        assert found == [got(call, f"/api/thumb/{i}").body for i in (3, 24, 1)]
        assert "max-age" in answered.headers["cache-control"]
        assert answered.headers["vary"].lower() == "cookie"
        # A picture without one may have one later.
        lacking = got(call, "/api/thumbs/3,25")
        assert lacking.json == {"jpegs": [answered.json["jpegs"][0], None]}
        assert "max-age" not in lacking.headers.get("cache-control", "")
        assert len(got(call, f"/api/thumbs/{','.join(['2'] * 100)}").json["jpegs"]) == 100

    @pytest.mark.parametrize(
        "ids", [",".join(["1"] * 101), "1,", ",1", "1,,2", "1,x", "1,-1", "1.0", "9" * 19, "1%00"]
    )
    def test_what_are_no_ids_is_refused(self, call: Caller, ids: str) -> None:
        refused_in_one_line(call("GET", f"/api/thumbs/{ids}", {}, b""), 400)

    def test_an_answer_is_drawn(self, call: Caller) -> None:
        body = json.dumps({"pictures": [1], "k": 3}).encode()
        grid = call("POST", "/api/grid", _JSON, body)
        assert (grid.status, grid.headers["content-type"]) == (200, "image/png")
        assert _size(grid)[0] > 4 * 240

    def test_what_can_be_asked(self, call: Caller) -> None:
        facts = got(call, "/api/store").json
        assert facts["images"] == 24
        # No logdir was named.
        assert facts["projector"] is False
        assert got(call, "/api/projector/3").json == []
        assert set(facts["compared"]) == set(facts["metrics"])
        for metric, features in facts["compared"].items():
            for feature in features:
                asked = {"pictures": [1], "metric": metric, "encoder": feature}
                assert posted(call, "/api/search", asked)["results"]

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({}, 400),
            ({"pictures": []}, 400),
            ({"pictures": [25]}, 400),
            ({"pictures": [0]}, 400),
            ({"pictures": [-1]}, 400),
            ({"pictures": [1 << 63]}, 400),
            ({"pictures": [1.5]}, 400),
            ({"pictures": [True]}, 400),
            ({"pictures": [1] * 6}, 400),
            ({"pictures": [1], "k": 0}, 400),
            ({"pictures": [1], "k": 501}, 400),
            ({"pictures": [1], "metric": "far"}, 400),
            ({"pictures": [1], "fuse": "far"}, 400),
            ({"pictures": [1], "index": "far"}, 400),
            ({"pictures": [1], "within": "far"}, 400),
            ({"pictures": [1], "where": ["folder=none"]}, 400),
            ({"pictures": [1], "where": ["kind=\n\nnone"]}, 400),
            ({"pictures": [1], "where": ["folder"]}, 400),
            ({"pictures": [1], "under": ["/etc"]}, 400),
            ({"pictures": [1], "metric": "chi2", "encoder": "mini"}, 400),
            ({"pictures": [1], "nothing": 1}, 400),
            ({"pictures": ["/etc/passwd"]}, 410),
            ({"pictures": ["stripes/000.jpg"]}, 410),
            ({"pictures": ["http://127.0.0.1:1/a.jpg"]}, 410),
            ({"pictures": [{"id": 1, "upload": "x"}]}, 400),
            ({"pictures": [{"id": 1, "box": {"x": 0, "y": 0, "width": 2, "height": 1}}]}, 400),
            ({"pictures": [{"id": 1, "box": {"x": 0, "y": 0, "width": 0, "height": 1}}]}, 400),
            ({"pictures": [{"id": 99, "box": {"x": 0.1, "y": 0, "width": 0.5, "height": 1}}]}, 404),
            ({"cursor": "never-given.60"}, 410),
            ({"cursor": "no cursor"}, 400),
            ({"pictures": [1], "encoder": "resnet50"}, 409),
            ({"text": "dog"}, 409),
            ([], 400),
            (None, 400),
            ("text", 400),
        ],
    )
    def test_a_question_is_refused_in_one_line(
        self, call: Caller, asked: object, status: int
    ) -> None:
        answered = call("POST", "/api/search", _JSON, json.dumps(asked).encode())
        refused_in_one_line(answered, status)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"pictures": [NaN]}', b"1" * 5000]
    )
    def test_what_is_no_json_is_refused(self, call: Caller, body: bytes) -> None:
        refused_in_one_line(call("POST", "/api/search", _JSON, body), 400)

    @pytest.mark.parametrize("kind", ["pictures", "thumb", "preview", "original", "projector"])
    @pytest.mark.parametrize(
        ("text", "status"),
        [("0", 404), ("25", 404), ("9" * 18, 404), ("9" * 19, 400), ("x", 400), ("-1", 400),
         ("1.0", 400), ("%D9%A3", 400), ("1%00", 400), ("+1", 400)],
    )  # fmt: skip
    def test_no_other_id_is_answered(self, call: Caller, kind: str, text: str, status: int) -> None:
        refused_in_one_line(call("GET", f"/api/{kind}/{text}", {}, b""), status)

    @pytest.mark.parametrize(
        ("data", "kind", "status"),
        [
            (b"words, and no picture", "image/jpeg", 422),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml", 422),
            (encoded(picture("discs", 1), "JPEG")[:500], "image/jpeg", 422),
            (b"", "image/jpeg", 400),
            (b"words", "text/html", 415),
        ],
    )
    def test_what_is_no_picture_is_not_taken(
        self, call: Caller, data: bytes, kind: str, status: int
    ) -> None:
        answered = call("PUT", "/api/pictures", {"content-type": kind}, data)
        refused_in_one_line(answered, status)

    @pytest.mark.parametrize("token", ["x", "0", "%00", "x" * 500])
    def test_an_unknown_upload_is_gone(self, call: Caller, token: str) -> None:
        refused_in_one_line(call("GET", f"/api/uploads/{token}", {}, b""), 410)

    def test_every_route_is_there(self, call: Caller) -> None:
        for route in ROUTES:
            path = route.path.format(**SOME)
            # No request is whole, so that nothing is changed; none of them is unknown.
            answered = call(route.method, path, _JSON, b"")
            unknown = {"error": "there is no such address"}
            is_json = answered.headers["content-type"].startswith("application/json")
            assert not (is_json and answered.json == unknown), route.path


def posted(call: Caller, path: str, asked: object) -> Any:
    answered = call("POST", path, _JSON, json.dumps(asked).encode())
    assert answered.status == 200, answered.body
    return answered.json


def got(call: Caller, path: str) -> Answered:
    answered = call("GET", path, {}, b"")
    assert answered.status == 200, answered.body
    return answered


def refused_in_one_line(answered: Answered, status: int) -> None:
    assert answered.status == status, answered.body
    assert set(answered.json) == {"error"}
    assert len(answered.json["error"].splitlines()) == 1


def queried(store: Path, *arguments: str) -> Any:
    """Return what `imgrec query --json` prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main([*arguments, "--store", str(store), "--json"]) == 0
    return json.loads(printed.getvalue())


def _paths(store: Path, arguments: list[str]) -> list[str]:
    """Return arguments of the command in which ids that are no values are paths."""
    with Store.open(store) as opened:
        entries = opened.catalog.entries(opened.catalog.ids("ok"))
    ids = {str(entry.id): entry.path for entry in entries}
    after = ["", *arguments]
    return [
        ids.get(text, text) if before != "-k" else text
        for before, text in zip(after, arguments, strict=False)
    ]


def _answer_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs by how the pictures are named."""
    named = ("elapsed_ms", "cursor", "queries", "unwanted")
    return {key: value for key, value in found.items() if key not in named}


def _sums(counts: list[int]) -> list[int]:
    return [sum(counts[:place]) for place in range(1, len(counts))]


def _size(answered: Answered) -> tuple[int, int]:
    with Image.open(io.BytesIO(answered.body)) as image:
        return image.size
