"""Labels and totals of a catalog, against brute force over the generated rows."""

import sqlite3
from collections import Counter
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.collection import Catalog
from imgrec.labels.keep import changes
from memory_catalogs import empty_catalog

KINDS = ("color", "class", "x y", "é")
STATUSES = ("new", "ok", "failed", "missing", "left-out")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(STATUSES),
        st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from(("a", "b", "3", "3.1", "30")))),
    ),
    max_size=12,
)
Rows = list[tuple[str, set[tuple[str, str]]]]


def catalog_of(rows: Rows) -> Catalog:
    catalog = empty_catalog()
    db = catalog.db
    db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
    for number, (status, labels) in enumerate(rows, 1):
        # Every two consecutive pictures share a content digest.
        db.execute(
            "INSERT INTO images (root_id, path, size, mtime_ns, status, digest, width, height, "
            "format, reason) VALUES (1, ?, ?, 7, ?, ?, 2, 3, 'PNG', ?)",
            [str(number), number, status, str(number // 2), "truncated" * (status == "failed")],
        )
        for kind, value in labels:
            catalog.labels.add(kind, {number: value})
    return catalog


@settings(max_examples=40)
@given(ROWS)
def test_labels_equal_those_of_the_rows(rows: Rows) -> None:
    labels = catalog_of(rows).labels
    ids = range(1, len(rows) + 1)
    shown = {pair for status, pairs in rows if status == "ok" for pair in pairs}
    assert labels.kinds() == sorted({kind for kind, _ in shown})
    for kind in KINDS:
        every = [
            (i, v) for i, (_, pairs) in zip(ids, rows, strict=True) for k, v in pairs if k == kind
        ]
        assert sorted(labels.rows(kind)) == sorted(every)
        assert labels.of_kind(kind) == dict(sorted(every))
        assert labels.values(kind) == sorted({v for k, v in shown if k == kind})
        assert labels.ids(kind, "3").tolist() == [i for i, v in every if v == "3"]
        tree = sorted({i for i, v in every if v in ("3", "3.1")})
        assert labels.ids(kind, "3", tree=True).tolist() == tree
    for image_id, found in labels.of(ids).items():
        pairs = rows[image_id - 1][1]
        wanted = {k: ", ".join(sorted(v for kind, v in pairs if kind == k)) for k, _ in pairs}
        assert found == wanted


@settings(max_examples=40)
@given(ROWS, st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
def test_ids_lacking_are_the_ok_pictures_without_one_of_the_kinds(
    rows: Rows, kinds: list[str]
) -> None:
    wanted = [
        number
        for number, (status, pairs) in enumerate(rows, 1)
        if status == "ok" and not set(kinds) <= {kind for kind, _ in pairs}
    ]
    assert catalog_of(rows).labels.ids_lacking(*kinds).tolist() == wanted


@settings(max_examples=40)
@given(ROWS, st.dictionaries(st.integers(1, 12), st.sampled_from("abc")))
def test_replacing_labels_changes_only_those_of_one_kind(rows: Rows, new: dict[int, str]) -> None:
    catalog = catalog_of(rows)
    new = {image_id: value for image_id, value in new.items() if image_id <= len(rows)}
    others = {kind: sorted(catalog.labels.rows(kind)) for kind in KINDS[1:]}
    catalog.labels.change("color", *changes(catalog.labels.rows("color"), new))
    assert dict(catalog.labels.rows("color")) == new
    assert len(catalog.labels.rows("color")) == len(new)
    assert {kind: sorted(catalog.labels.rows(kind)) for kind in KINDS[1:]} == others
    catalog.labels.replace("color", {})
    assert catalog.labels.rows("color") == []


def test_a_failed_replacement_is_rolled_back() -> None:
    catalog = catalog_of([("ok", {("color", "a")})])
    catalog.db.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError):
        catalog.labels.replace("color", {99: "b"})
    assert catalog.labels.of_kind("color") == {1: "a"}


@settings(max_examples=40)
@given(ROWS)
def test_totals_and_tables_equal_counts_over_the_rows(rows: Rows) -> None:
    catalog = catalog_of(rows)
    counts, ok = Counter(status for status, _ in rows), catalog.ids("ok").tolist()
    assert catalog.totals.counts() == {status: counts[status] for status in STATUSES}
    assert catalog.totals.failures() == (
        {"truncated": counts["failed"]} if counts["failed"] else {}
    )
    assert catalog.totals.formats() == ({"PNG": len(ok)} if ok else {})
    assert catalog.totals.sizes() == (sum(ok), 6 * len(ok))
    labeled = {kind: sum(s == "ok" and kind in dict(p) for s, p in rows) for kind in KINDS}
    assert catalog.totals.labels() == {kind: count for kind, count in labeled.items() if count}
    missing, left_out = counts["missing"], counts["left-out"]
    (*roots,) = map(astuple, catalog.totals.roots())
    held = len(rows) - missing - left_out
    assert roots == ([("/nowhere", held, missing, left_out)] if rows else [])
    table = np.array([[i, 2, 3, i, 7] for i in ok], np.int64).reshape(-1, 5)
    assert np.array_equal(catalog.file_table(), table)
    groups: dict[int, list[int]] = {}
    for image_id in ok:
        groups.setdefault(image_id // 2, []).append(image_id)
    assert catalog.copies() == {ids[0]: ids for ids in groups.values() if len(ids) > 1}
