"""Ids and counts by status, with gaps between ids and without, against a plain count."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgrec.collection import Catalog
from imgrec.collection.roots import add_roots
from imgrec.collection.totals import STATUSES

_ROWS = st.dictionaries(st.integers(0, 12), st.sampled_from(("ok", *STATUSES)), max_size=12)
_DENSE = st.tuples(st.integers(0, 3), st.lists(st.sampled_from(("ok", *STATUSES)))).map(
    lambda drawn: dict(enumerate(drawn[1], start=drawn[0]))
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    opened = Catalog.create(Path(tmp_path_factory.mktemp("counting")) / "catalog.sqlite")
    add_roots(opened, ["/r"])
    yield opened
    opened.close()


@given(
    rows=st.one_of(_ROWS, _DENSE),
    asked=st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_and_counts_are_those_of_the_rows(
    catalog: Catalog, rows: dict[int, str], asked: list[str]
) -> None:
    catalog.db.execute("DELETE FROM labels")
    catalog.db.execute("DELETE FROM images")
    reasons = {i: f"why {i % 2}" for i, status in rows.items() if status == "failed"}
    catalog.db.executemany(
        "INSERT INTO images (id, root_id, path, size, mtime_ns, status, reason) "
        "VALUES (?, 1, ?, 1, 1, ?, ?)",
        [(i, str(i), status, reasons.get(i)) for i, status in rows.items()],
    )
    ids = catalog.ids(*asked)
    assert ids.dtype == "int64"
    assert ids.tolist() == sorted(i for i, status in rows.items() if status in asked)
    counts = Counter(rows.values())
    assert catalog.totals.counts() == {status: counts[status] for status in STATUSES}
    assert catalog.totals.failures() == Counter(reasons.values())
    labels = [(i, kind, value) for i in rows for kind in "abc" if i % (ord(kind) - 95)
              for value in kind * 2 + str(i)]  # fmt: skip
    catalog.db.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", labels)
    expected = Counter(kind for i, kind in {one[:2] for one in labels} if rows[i] == "ok")
    assert catalog.totals.labels() == expected
