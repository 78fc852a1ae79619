"""What every adapter answers about the map of the site, against the files of the site and NumPy.

The data files are read here without the code of the map: each is one call with a name and a value.
"""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imgrec import Store
from serving_contract import Answered, Caller, got, posted, refused_in_one_line

_SCRIPT = re.compile(rb'imgrecMapData\("([^"]+)",(.*)\);\n', re.DOTALL)
_JSON = {"content-type": "application/json"}
_FARTHEST, _NONE = 254, 255


@dataclass(frozen=True)
class Mapped:
    """A service whose store has a site with a map.

    Attributes:
        call: asks it.
        store: path of the store.
        site: path of the site.
    """

    call: Caller
    store: Path
    site: Path

    @property
    def token(self) -> str:
        """The token of the present map."""
        token: str = got(self.call, "/api/map").json["map"]
        return token

    def file(self, name: str) -> Any:
        """Return the value of a data file of the site."""
        found = _SCRIPT.fullmatch((self.site / "map" / f"{name}.js").read_bytes())
        assert found is not None and found[1].decode() == name
        return json.loads(found[2])

    def ids(self) -> NDArray[np.int64]:
        """Return the ids of the rows."""
        return array(self.file("points-00")["ids"], "<u4").astype(np.int64)


def array(text: str, kind: str) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), kind)


def names(site: Path) -> list[str]:
    """Return the names of the data files of a map, without its tiles."""
    return sorted(path.stem for path in (site / "map").glob("*.js"))


def tiles(site: Path) -> list[tuple[int, int, int]]:
    """Return level, column and row of the tiles of a map."""
    paths = (site / "map").glob("*/*.js")
    return sorted((int(path.parent.name), *map(int, path.stem.split("_"))) for path in paths)


class MapContract:
    """The tests; a subclass has the fixture `mapped`, and `call` of a store without a site."""

    def test_the_facts_are_those_of_the_site(self, mapped: Mapped) -> None:
        answer = got(mapped.call, "/api/map").json
        assert answer["facts"] == json.loads((mapped.site / "map" / "map.json").read_text("utf-8"))
        assert answer["facts"]["pictures"] == len(mapped.ids()) == 24
        assert got(mapped.call, "/api/store").json["map"] is True

    def test_every_data_file_is_sent_anew_as_json(self, mapped: Mapped) -> None:
        found = names(mapped.site)
        assert {"points-00", "labels", "details-0000", "near-0000"} < set(found)
        for name in found:
            answer = got(mapped.call, f"/api/map/{mapped.token}/data/{name}")
            assert answer.json == mapped.file(name), name
            # A token stands for one content; a cookie for one server of the port.
            assert "max-age" in answer.headers["cache-control"]
            assert answer.headers["vary"].lower() == "cookie"

    def test_every_tile_is_sent_without_text(self, mapped: Mapped) -> None:
        shown: dict[int, list[int]] = {}
        for level, x, y in tiles(mapped.site):
            answer = got(mapped.call, f"/api/map/{mapped.token}/tile/{level}/{x}/{y}")
            assert answer.headers["content-type"] == "application/octet-stream"
            value = mapped.file(f"{level}/{x}_{y}")
            count = int.from_bytes(answer.body[:4], "little")
            ends = 4 + 4 * count, 4 + 5 * count
            rows = np.frombuffer(answer.body[4 : ends[0]], "<u4")
            assert rows.tolist() == array(value["rows"], "<u4").tolist()
            slots = np.frombuffer(answer.body[ends[0] : ends[1]], "u1")
            assert slots.tolist() == array(value["slots"], "u1").tolist()
            assert answer.body[ends[1] :] == base64.b64decode(value["image"])
            shown.setdefault(level, []).extend(rows.tolist())
        assert sorted(shown[max(shown)]) == list(range(24))

    @pytest.mark.parametrize(
        ("place", "status"),
        [
            ("data/points-01", 404), ("data/none", 404), ("data/map", 404), ("data/..", 404),
            ("data/1%2F0_0", 404), ("data/%2Fetc%2Fpasswd", 404), ("data/index.html", 404),
            ("tile/0/1/0", 404), ("tile/9/0/0", 404), ("tile/99/0/0", 404),
            ("tile/x/0/0", 400), ("tile/0/-1/0", 400), ("tile/0/0/%00", 400),
            ("tile/0/0/%D9%A3", 400), ("tile/0/0/1234567890", 400),
        ],
    )  # fmt: skip
    def test_nothing_else_is_there(self, mapped: Mapped, place: str, status: int) -> None:
        answer = mapped.call("GET", f"/api/map/{mapped.token}/{place}", {}, b"")
        refused_in_one_line(answer, status)

    @pytest.mark.parametrize(
        "asked",
        [{"pictures": [6]}, {"pictures": [6], "metric": "euclidean", "where": ["folder=discs"]}],
    )
    def test_the_distances_of_all_pictures(self, mapped: Mapped, asked: dict[str, Any]) -> None:
        answer = _painted(mapped, asked).json
        steps = array(answer["distances"], "u1").astype(np.int64)
        assert answer["map"] == mapped.token and answer["exact"] is True
        results = posted(mapped.call, "/api/search", {**asked, "k": 100})["results"]
        expected = {one["id"]: one["distance"] for one in results}
        asked_itself = 6
        least, greatest = min(expected.values()), max(expected.values())
        assert answer["least"] == pytest.approx(least, abs=1e-5)
        assert answer["greatest"] == pytest.approx(greatest, abs=1e-5)
        for image_id, step in zip(mapped.ids().tolist(), steps.tolist(), strict=True):
            if image_id in expected:
                told = least + step / _FARTHEST * (greatest - least)
                half = (greatest - least) / _FARTHEST / 2
                assert told == pytest.approx(expected[image_id], abs=half + 1e-5)
            else:
                # It is nearest to itself, and sets no end of the scale.
                assert step == (0 if image_id == asked_itself and "where" not in asked else _NONE)

    def test_a_limit_of_distance_leaves_out_what_lies_beyond(self, mapped: Mapped) -> None:
        results = posted(mapped.call, "/api/search", {"pictures": [6], "k": 100})["results"]
        within = results[8]["distance"] + 1e-6
        answer = _painted(mapped, {"pictures": [6], "within": within}).json
        near = mapped.ids()[array(answer["distances"], "u1") < _NONE]
        assert set(near.tolist()) == {6, *(one["id"] for one in results[:9])}

    def test_a_question_that_cannot_be_answered_is_refused(self, mapped: Mapped) -> None:
        refused_in_one_line(_asked(mapped, mapped.token, {"pictures": [99]}), 400)
        refused_in_one_line(_asked(mapped, mapped.token, {}), 400)
        refused_in_one_line(_asked(mapped, mapped.token, {"pictures": ["none"]}), 410)

    @pytest.mark.parametrize("token", ["x", "0" * 24, "%00", "x" * 500])
    def test_another_map_is_gone(self, mapped: Mapped, token: str) -> None:
        for place in ("data/points-00", "data/none", "tile/0/0/0", "tile/9/9/9"):
            refused_in_one_line(mapped.call("GET", f"/api/map/{token}/{place}", {}, b""), 410)
        refused_in_one_line(_asked(mapped, token, {"pictures": [6]}), 410)

    def test_a_store_without_a_site_has_no_map(self, call: Caller) -> None:
        assert got(call, "/api/store").json["map"] is False
        for path in ("/api/map", "/api/map/x/data/points-00", "/api/map/x/tile/0/0/0"):
            answer = call("GET", path, {}, b"")
            refused_in_one_line(answer, 404)
            assert "imgrec graph" in answer.json["error"]

    def test_pictures_are_told_of_by_their_ids(self, mapped: Mapped) -> None:
        found = posted(mapped.call, "/api/pictures", {"ids": [9, 3, 999, 20]})["pictures"]
        assert [one["id"] for one in found] == [9, 3, 20]
        for one in found:
            assert one == got(mapped.call, f"/api/pictures/{one['id']}").json["picture"]
        assert posted(mapped.call, "/api/pictures", {"ids": []})["pictures"] == []

    def test_medoids_stand_for_pictures(self, mapped: Mapped) -> None:
        with Store.open(mapped.store) as store:
            every = store.catalog.ids("ok").tolist()
            entries = {entry.id: entry.path for entry in store.catalog.entries(every)}
        found = posted(mapped.call, "/api/medoids", {"ids": [*every, 999]})["ids"]
        assert len(found) == 5 and set(found) <= set(every)
        # The three families of pictures look different.
        assert len({entries[i].split("/")[0] for i in found}) == 3
        assert posted(mapped.call, "/api/medoids", {"ids": [4]})["ids"] == [4]
        assert posted(mapped.call, "/api/medoids", {"ids": []})["ids"] == []

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            ("pictures", {}), ("pictures", {"ids": [1] * 1001}), ("pictures", {"ids": ["1"]}),
            ("pictures", {"ids": [-1]}), ("pictures", {"ids": [1], "k": 1}), ("pictures", []),
            ("medoids", {}), ("medoids", {"ids": 1}), ("medoids", {"ids": [1] * 100_001}),
        ],
    )  # fmt: skip
    def test_wrong_lists_of_ids_are_refused(self, mapped: Mapped, path: str, asked: object) -> None:
        body = json.dumps(asked).encode()
        refused_in_one_line(mapped.call("POST", f"/api/{path}", _JSON, body), 400)


def _asked(mapped: Mapped, token: str, asked: object) -> Answered:
    body = json.dumps(asked).encode()
    return mapped.call("POST", f"/api/map/{token}/distances", _JSON, body)


def _painted(mapped: Mapped, asked: object) -> Answered:
    answer = _asked(mapped, mapped.token, asked)
    assert answer.status == 200, answer.body
    return answer
