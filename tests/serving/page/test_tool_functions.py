"""The functions of the page's tools that touch no element, against references in Python."""

import csv
import io
import itertools
import json
import os
import random
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver

from imgrec.system.csv_cells import cell
from live_server import live
from page_modules import call

_NASTY = (
    *(
        "=1+1",
        "+x",
        "-x",
        "@x",
        "'x",
        "a,b",
        'a"b',
        "a\nb",
        "a\r\tb",
        "\\",
        "\u2028",
        "\u202e",
        "é",
    ),
    *(
        "\u00a0",
        " lead",
        "\udcfc.jpg",
        "\U0001f600",
        "\U000e0001",
        "<img src=x>",
        "",
        "\x00",
        "\x7f",
    ),
)


@pytest.fixture(scope="module")
def page(
    browser: webdriver.Chrome, photo_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[webdriver.Chrome]:
    with live(photo_store) as server:
        browser.get(server.address)
        yield browser
        browser.get("about:blank")


def test_cells_are_those_of_the_tables_of_imgrec(page: webdriver.Chrome) -> None:
    # WebDriver carries no lone surrogates as they are; JSON escapes do.
    found = call(page, "files.js", "JSON.parse(given).map(m.cell)", json.dumps(_NASTY))
    assert found == [cell(name) for name in _NASTY]


def test_csv_is_read_back_by_python(page: webdriver.Chrome) -> None:
    hits = [
        {"id": i, "rank": i + 1, "path": name, "file": f"/x/{name}", "distance": i / 7,
         "similarity": None, "labels": {"class": name}, "metadata": {"taken": "2019-07-01"}}
        for i, name in enumerate(_NASTY)
    ]  # fmt: skip
    text = call(page, "files.js", "m.csvText(JSON.parse(given))", json.dumps(hits))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["path"] for row in rows] == [cell(name) for name in _NASTY]
    assert [row["class"] for row in rows] == [cell(name) for name in _NASTY]
    assert [float(row["distance"]) for row in rows] == [i / 7 for i in range(len(_NASTY))]
    assert {row["similarity"] for row in rows} == {""}
    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_paths_are_the_bytes_of_the_disk(page: webdriver.Chrome) -> None:
    names = ["/a/b.jpg", "/ü/\udcfc\udc80.jpg", "/line\nbreak.jpg", "/return\r.jpg", "/\U0001f600"]
    found = call(
        page,
        "files.js",
        "((list) => new Blob(list.parts).arrayBuffer()"
        "  .then((bytes) => [[...new Uint8Array(bytes)], list.left]))"
        "(m.pathList(JSON.parse(given).map((file) => ({ file }))))",
        json.dumps(names),
    )
    expected = b"".join(os.fsencode(name) + b"\n" for name in (names[0], names[1], names[4]))
    assert bytes(found[0]) == expected
    assert found[1] == 2


def _folded(hits: list[dict[str, Any]]) -> list[list[int]]:
    """Return the ids of each tile: a hit joins the earliest tile that has one of its groups."""
    tiles: list[tuple[set[tuple[str, str]], list[int]]] = []
    owned: set[tuple[str, str]] = set()
    for hit in hits:
        groups = {(k, v) for k, v in hit["labels"].items() if k != "class"}
        tile = next((tile for tile in tiles if tile[0] & groups), None)
        if tile is None:
            tile = (set(), [])
            tiles.append(tile)
        tile[1].append(hit["id"])
        tile[0].update(groups - owned)
        owned |= groups
    return [ids for _, ids in tiles]


def _hits(rng: random.Random) -> list[dict[str, Any]]:
    kinds = ("duplicates", "similar", "bundle", "class")
    return [
        {"id": i, "labels": {k: str(rng.randrange(4)) for k in kinds if rng.random() < 0.4}}
        for i in range(rng.randrange(1, 25))
    ]


def test_folds_are_those_of_the_reference_and_stay_where_they_are(page: webdriver.Chrome) -> None:
    rng = random.Random(3)
    cases = [_hits(rng) for _ in range(200)]
    ids = "given.map((all) => m.fold(all).map((one) => [one.hit, ...one.folded].map((h) => h.id)))"
    found = call(page, "folds.js", ids, cases)
    assert found == [_folded(hits) for hits in cases]
    assert any(len(tile) > 2 for tiles in found for tile in tiles)
    shorter = call(page, "folds.js", ids, [hits[: len(hits) // 2] for hits in cases])
    for whole, part in zip(found, shorter, strict=True):
        assert [tile[0] for tile in whole[: len(part)]] == [tile[0] for tile in part]
        assert all(tile[: len(one)] == one for tile, one in zip(whole, part, strict=False))


def test_a_fold_without_labels_is_each_picture(page: webdriver.Chrome) -> None:
    hits = [{"id": i, "labels": {"class": "same"}} for i in range(3)]
    assert call(page, "folds.js", "m.foldedHits(given, new Set())", hits) == hits


def test_unfolded_pictures_follow_theirs(page: webdriver.Chrome) -> None:
    hits = [{"id": i, "labels": {"duplicates": "0"} if i != 1 else {}} for i in range(4)]
    found = call(
        page, "folds.js", "m.foldedHits(given, new Set([0])).map((h) => [h.id, h.of])", hits
    )
    assert found == [[0, None], [2, 0], [3, 0], [1, None]]


def test_moves(page: webdriver.Chrome) -> None:
    hits = [{"id": 7, "rank": 1}, {"id": 8, "rank": 5}, {"id": 9, "rank": 3}, {"id": 6, "rank": 4}]
    before = "{how: 'cosine', ranks: new Map([[7, 4], [8, 2], [9, 3]])}"
    notes = call(page, "moves.js", f"given.map((hit) => m.noteOn(hit, {before}))", hits)
    assert [note and (note["text"], note["tone"]) for note in notes] == [
        ("▲3", "up"), ("▼3", "down"), None, ("new", ""),
    ]  # fmt: skip
    assert notes[0]["title"] == "Rank 4 by cosine: 3 places up"
    assert "first 3 by cosine" in notes[3]["title"]


def test_counts_within_a_limit_are_those_of_numpy(page: webdriver.Chrome) -> None:
    distances = np.random.default_rng(5).gamma(4, 0.1, 500)
    counts, edges = np.histogram(distances, 40)
    found = {"edges": edges.tolist(), "counts": counts.tolist()}
    asked = [*edges.tolist(), *np.linspace(0, 2, 33).tolist()]
    answers = call(
        page, "histogram.js", "given[1].map((w) => m.countedWithin(given[0], w))", [found, asked]
    )
    # Within a bin by share: the integral of the density.
    cumulated = np.concatenate([[0], np.cumsum(counts)])
    assert answers == pytest.approx(np.interp(asked, edges, cumulated).tolist())


def test_spans_hold_the_months_that_python_counts(page: webdriver.Chrome) -> None:
    months = [f"{y}-{m:02}" for y in (2018, 2019, 2020) for m in range(1, 13)]
    for one, other in itertools.product(months[::5], months[::7]):
        span = call(page, "timeline.js", "m.spanOf(given[0], given[1])", [one, other])
        first, last = sorted([one, other])
        expected = [first <= month <= last for month in months]
        assert span == (first if first == last else f"{first}..{last}")
        within = call(
            page, "timeline.js", "given[0].map((s) => m.isWithin(s, [given[1]]))", [months, span]
        )
        assert within == expected, span
    years = call(
        page, "timeline.js", "given.map((s) => m.isWithin('2019', [s]))",
        ["2019", "2018..2020", "2019..", "..2019",
         "2019-07", "2019-07..2020", "2020", "2018..2019-06"],
    )  # fmt: skip
    assert years == [True, True, True, True, False, False, False, False]


def test_years_without_pictures_have_a_place(page: webdriver.Chrome) -> None:
    values = [{"value": v, "count": 2} for v in ("2015-03", "2015-07", "2018-01")]
    assert call(page, "timeline.js", "m.yearBars(given)", values) == [
        {"span": "2015", "count": 4}, {"span": "2016", "count": 0},
        {"span": "2017", "count": 0}, {"span": "2018", "count": 2},
    ]  # fmt: skip
    far = [{"value": v, "count": 1} for v in ("1904-01", "2024-01")]
    assert len(call(page, "timeline.js", "m.yearBars(given)", far)) == 2


def test_boxes_lie_within_the_picture(page: webdriver.Chrome) -> None:
    rng = np.random.default_rng(2)
    corners = rng.uniform(-0.3, 1.3, (200, 2, 2)).tolist()
    boxes = call(page, "box.js", "given.map(([a, b]) => m.boxOf(a, b))", corners)
    keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]
    pressed = [[box, keys[i % 4], bool(i % 3)] for i, box in enumerate(boxes)]
    boxes += call(page, "box.js", "given.map(([b, k, r]) => m.stepped(b, k, r))", pressed)
    assert len(boxes) == 400
    for box in boxes:
        assert box["x"] >= 0 and box["y"] >= 0 and min(box["width"], box["height"]) >= 0.01
        assert box["x"] + box["width"] <= 1.0005 and box["y"] + box["height"] <= 1.0005
    inner = {"x": 0.4, "y": 0.4, "width": 0.2, "height": 0.2}
    moved = call(page, "box.js", "m.stepped(given, 'ArrowRight', false)", inner)
    assert moved == pytest.approx({**inner, "x": 0.42})
    wider = call(page, "box.js", "m.stepped(given, 'ArrowRight', true)", inner)
    assert wider == pytest.approx({**inner, "width": 0.22})


def test_a_shell_reads_the_name_back(page: webdriver.Chrome) -> None:
    names = ["best", "my best", "it's", "$(rm -rf x)", "`x`", "-x", "ü;&|", '"quoted"', "a\\b"]
    words = call(page, "collections.js", "given.map(m.shellWord)", names)
    assert [shlex.split(word) for word in words] == [[name] for name in names]
    said = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {' '.join(words)}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == names


def test_filters_are_parsed_as_the_server_does(page: webdriver.Chrome) -> None:
    where = ["class=a=b", "class=c", "color=red"]
    assert call(page, "filters.js", "m.valuesOf(given, 'class')", where) == ["a=b", "c"]
    assert call(page, "filters.js", "m.toggled(given, 'class=c')", where) == [where[0], where[2]]
    assert call(page, "filters.js", "m.toggled(given, 'class=d')", where) == [*where, "class=d"]
    replaced = call(page, "filters.js", "m.replaced(given, 'class', ['x'])", where)
    assert replaced == ["color=red", "class=x"]


def test_communities_are_shown_below_their_own(page: webdriver.Chrome) -> None:
    values = [
        {"value": v, "count": 9 - len(v), "name": ""} for v in ("2", "1", "1.1", "1.10", "1.2")
    ]
    facet = {"kind": "community", "values": values}

    def shown(expanded: list[str], active: list[str], text: str = "", most: int = 8) -> list[str]:
        panel = "{most: given[3], text: given[2], expanded: new Set(given[1])}"
        expression = f"m.shownValues(given[0], given[4], {panel}).map((one) => one.value)"
        given = [facet, expanded, text, most, active]
        found: list[str] = call(page, "facets.js", expression, given)
        return found

    assert shown([], []) == ["1", "2"]
    assert shown(["1"], []) == ["1", "1.1", "1.2", "1.10", "2"]
    assert shown([], ["1.2"]) == ["1", "1.2", "2"]
    assert shown([], ["7"]) == ["1", "2", "7"]
    assert shown([], [], "1.1") == ["1.1", "1.10"]
    assert shown([], [], most=1) == ["2"]


def test_a_range_of_marks(page: webdriver.Chrome) -> None:
    hits = [{"id": i} for i in (5, 3, 9, 1)]
    assert call(page, "selection.js", "m.range(given, 3, 1)", hits) == [3, 9, 1]
    assert call(page, "selection.js", "m.range(given, 9, 5)", hits) == [5, 3, 9]
    assert call(page, "selection.js", "m.range(given, 77, 9)", hits) == [9]
    assert call(page, "selection.js", "m.range(given, null, 9)", hits) == [9]


@pytest.mark.parametrize(
    ("hits", "is_done", "text"),
    [
        ([], True, "0 pictures within 0.100"),
        ([], False, "about 1 picture within 0.100"),
        ([0.05], True, "1 picture within 0.100"),
    ],
)
def test_what_is_known_to_lie_within_is_not_about(
    page: webdriver.Chrome, hits: list[float], is_done: bool, text: str
) -> None:
    found = {"edges": [0, 0.4, 0.8], "counts": [4, 8], "images": 12, "exact": True}
    answer = {
        "hits": [{"distance": one} for one in hits],
        "done": is_done,
        "question": {"within": 0.1},
    }
    call_text = "m.withinText(given[0], 0.1, given[1])"
    assert call(page, "histogram.js", call_text, [found, answer]) == text
