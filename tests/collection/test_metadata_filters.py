"""`--where` by metadata against brute force in Python; what each error says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import ImgrecError
from imgrec.collection import Catalog
from imgrec.collection.filters import Filter
from imgrec.collection.metadata import add_metadata
from imgrec.pictures.metadata_names import Datum
from memory_catalogs import empty_catalog

TIMES = [
    "2018-12-31T23:59:59.99+01:00",
    "2019",
    "2019-01",
    "2019-01-01",
    "2019-01-01T00:00:00",
    "2019-06-30T23:59:59-11:00",
    "2019-07-01T00:00:00",
    "2019-07-14T15:32:10+02:00",
    "2019-07-31",
    "2019-08-31T23:59:60",
    "2019-09-01T00:00:00",
    "2020-02-29T12:00:00",
    "1999-12-31T23:59:59",
]


def catalog_of(rows: list[list[Datum]]) -> Catalog:
    catalog = empty_catalog()
    db = catalog.db
    db.execute("INSERT INTO roots (path) VALUES ('/nowhere')")
    for number, data in enumerate(rows, 1):
        db.execute(
            "INSERT INTO images (root_id, path, size, mtime_ns, status) VALUES (1, ?, 1, 1, 'ok')",
            [f"{number}.jpg"],
        )
        add_metadata(db, number, data)
    return catalog


def found(catalog: Catalog, *where: str) -> list[int]:
    return [int(i) for i in Filter.parse(where).ids(catalog)]


def refusal(catalog: Catalog, *where: str) -> str:
    with pytest.raises(ImgrecError) as caught:
        found(catalog, *where)
    return str(caught.value)


DATED = [[Datum("taken", time, float(k))] for k, time in enumerate(TIMES)]


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        ("2019", [t for t in TIMES if t[:4] == "2019"]),
        ("2019-07", [t for t in TIMES if t[:7] == "2019-07"]),
        ("2019-7", [t for t in TIMES if t[:7] == "2019-07"]),
        ("2019-07-14", ["2019-07-14T15:32:10+02:00"]),
        ("2019-07-14T15", ["2019-07-14T15:32:10+02:00"]),
        ("2019-07-14 15:32:10", ["2019-07-14T15:32:10+02:00"]),
        (
            "2019-07-01..2019-08",
            [
                "2019-07-01T00:00:00",
                "2019-07-14T15:32:10+02:00",
                "2019-07-31",
                "2019-08-31T23:59:60",
            ],
        ),
        ("2019-08..", ["2019-08-31T23:59:60", "2019-09-01T00:00:00", "2020-02-29T12:00:00"]),
        ("..2018", ["2018-12-31T23:59:59.99+01:00", "1999-12-31T23:59:59"]),
        ("2018..2018-12", ["2018-12-31T23:59:59.99+01:00"]),
        ("..", TIMES),
    ],
)
def test_dates_are_spans_of_time(asked: str, times: list[str]) -> None:
    catalog = catalog_of(DATED)
    assert found(catalog, f"taken={asked}") == [k for k, t in enumerate(TIMES, 1) if t in times]


@pytest.mark.parametrize(
    "asked",
    [
        "2019-13",
        "2019-00",
        "2019-07-32",
        "19",
        "20190714",
        "yesterday",
        "2019..soon",
        "२०१९",
        "2019-07-14T25",
        "2019-07-14T15:60",
        "%",
        "2019-07-01...2019-08",
        "1..2",
    ],
)
def test_what_is_no_date_is_refused(asked: str) -> None:
    told = refusal(catalog_of(DATED), f"taken={asked}")
    assert told.startswith(f"where taken={asked}: ")
    assert "is no date, write 2019, 2019-07" in told


def test_a_time_of_no_picture_is_answered_with_those_there_are() -> None:
    told = refusal(catalog_of(DATED), "taken=2024")
    assert told == (
        "where taken=2024: no picture was taken then; they were taken from 1999-12-31T23:59:59 "
        "to 2020-02-29T12:00:00"
    )
    assert "ends before it begins" in refusal(catalog_of(DATED), "taken=2020..2019")
    assert refusal(catalog_of([[]]), "taken=2019").endswith("no picture has one; there are: none")


amounts = st.sampled_from([100.0, 100.2, 125.0, 200.0, 400.0, 6400.0, 1 / 500, 1 / 60, 0.5, 30.0])


@given(st.lists(amounts, min_size=1, max_size=12), amounts, amounts)
def test_ranges_of_numbers_equal_brute_force(values: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    catalog = catalog_of([[Datum("iso", f"{v:g}", v)] for v in values])
    for asked, least, most in (
        (f"{low!r}..{high!r}", low, high),
        (f"{low!r}..", low, math.inf),
        (f"..{high!r}", -1, high),
        (f"{low!r}", low, low),
    ):
        expected = [
            k
            for k, v in enumerate(values, 1)
            if least * 0.995 <= v <= most * (1.005 if most else 1)
        ]
        if expected:
            assert found(catalog, f"iso={asked}") == expected
        else:
            assert "no picture has such a value; they have" in refusal(catalog, f"iso={asked}")


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("exposure=1/500..1/60", [1, 2]),
        ("exposure=1/500s", [1]),
        ("exposure=2", [3]),
        ("exposure=..0.5", [1, 2]),
        ("aperture=f/2.8", [1]),
        ("aperture=2.8..", [1, 2]),
        ("aperture=F4", [2]),
        ("focal=50mm", [1]),
        ("focal=40..60", [1]),
        ("latitude=-90..0", [2]),
        ("longitude=16..17", [1]),
        ("latitude=48..", [1]),
        ("latitude=..-33.9", [2]),
        ("longitude=..16.4", [1, 2]),
        ("rating=..", [1, 2]),
        ("longitude=..", [1, 2]),
        ("rating=4..", [1]),
        ("rating=-1", [2]),
        ("rating=..0", [2]),
    ],
)
def test_numbers_as_photographers_write_them(asked: str, ids: list[int]) -> None:
    catalog = catalog_of(
        [
            [
                Datum("exposure", "1/500", 0.002),
                Datum("aperture", "2.8", 2.8),
                Datum("focal", "50", 50.0),
                Datum("latitude", "48.2", 48.2),
                Datum("longitude", "16.4", 16.4),
                Datum("rating", "5", 5.0),
            ],
            # 1/60 as the APEX value 5.907 gives it.
            [
                Datum("exposure", "1/60", 2**-5.907),
                Datum("aperture", "4", 4.0),
                Datum("focal", "85", 85.0),
                Datum("latitude", "-33.9", -33.9),
                Datum("longitude", "-70.5", -70.5),
                Datum("rating", "-1", -1.0),
            ],
            [Datum("exposure", "2", 2.0)],
        ]
    )
    assert found(catalog, asked) == ids


@pytest.mark.parametrize(
    "asked", ["fast", "1/0", "nan", "inf", "1e999", "1/2/3", "0x10..", "1..x", "' OR 1"]
)
def test_what_is_no_number_is_refused(asked: str) -> None:
    assert "is no number, write a number" in refusal(
        catalog_of([[Datum("iso", "9", 9.0)]]), f"iso={asked}"
    )


def test_a_range_that_is_turned_around_is_refused_with_the_right_one() -> None:
    told = refusal(catalog_of([[Datum("exposure", "1/60", 1 / 60)]]), "exposure=1/60..1/500")
    assert told.endswith("the range ends before it begins, write 1/500..1/60")


WORDED = [
    [Datum("camera", "Canon EOS 5D"), Datum("keyword", "Golden Gate"), Datum("keyword", "cat")],
    [
        Datum("camera", "NIKON D700"),
        Datum("keyword", "category"),
        Datum("title", "100% <b>Zürich</b>"),
    ],
    [
        Datum("camera", "canon powershot"),
        Datum("lens", "EF24-70mm f/2.8L USM"),
        Datum("keyword", "CAT"),
    ],
]


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (["camera=canon"], [1, 3]),
        (["camera=CANON 5d"], [1]),
        (["camera=eos canon"], [1]),
        (["keyword=cat"], [1, 3]),
        (["keyword=golden gate"], [1]),
        (["keyword=golden"], [1]),
        (["title=Zu\u0308rich</b>"], []),
        (["title=100%"], [2]),
        (["lens=f/2.8l"], [3]),
        (["camera=canon", "keyword=golden"], [1]),
        (["camera=canon", "camera=nikon"], [1, 2, 3]),
    ],
)
def test_words_in_any_case_and_order(where: list[str], ids: list[int]) -> None:
    catalog = catalog_of(WORDED)
    if ids:
        assert found(catalog, *where) == ids
    else:
        assert "no picture has these words; the most frequent of 1: 100% <b>Z" in refusal(
            catalog, *where
        )


def test_unknown_words_and_names_are_answered_with_those_there_are() -> None:
    catalog = catalog_of(WORDED)
    assert refusal(catalog, "camera=leica").endswith(
        "no picture has these words; the most frequent of 3: Canon EOS 5D, NIKON D700, canon "
        "powershot"
    )
    assert refusal(catalog, "taken=2019").endswith(
        "no picture has one; there are: camera, lens, title, keyword"
    )
    assert refusal(catalog, "kamera=x").endswith("there are: camera, lens, title, keyword")
    assert refusal(catalog, "camera=...").endswith("name a word")


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(st.lists(places, min_size=1, max_size=20), places, st.floats(1, 30_000))
def test_places_within_a_distance_equal_the_angle_of_their_vectors(
    taken: list[tuple[float, float]], here: tuple[float, float], km: float
) -> None:
    def unit(latitude: float, longitude: float) -> list[float]:
        phi, lam = math.radians(latitude), math.radians(longitude)
        return [math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)]

    catalog = catalog_of(
        [[Datum("latitude", str(n), n), Datum("longitude", str(e), e)] for n, e in taken]
    )
    # By the angle between vectors, where the code has the haversine formula.
    units = np.array([unit(*place) for place in taken])
    other = np.cross(units, unit(*here))
    angles = np.arctan2(np.linalg.norm(other, axis=1), units @ unit(*here))
    distances = 6371.0088 * angles
    near = {k for k, d in enumerate(distances, 1) if d <= km * (1 - 1e-6) - 1e-5}
    maybe = {k for k, d in enumerate(distances, 1) if d <= km * (1 + 1e-6) + 1e-5}
    try:
        ids = set(found(catalog, f"near={here[0]!r},{here[1]!r},{km!r}km"))
    except ImgrecError as error:
        assert "no picture lies there" in str(error)
        ids = set()
    assert near <= ids <= maybe


def test_a_place_without_both_coordinates_is_none_and_units_are_known() -> None:
    catalog = catalog_of(
        [
            [Datum("latitude", "0", 0.0)],
            [Datum("longitude", "0", 0.0)],
            # One minute of latitude is a nautical mile, 1,853 m on a sphere.
            [Datum("latitude", "0.016667", 1 / 60), Datum("longitude", "179.999", 179.999)],
        ]
    )
    assert found(catalog, "near=0,-179.999,2km") == [3]
    assert found(catalog, "near=0,-179.999,2") == [3]
    assert found(catalog, "near=0,-179.999,1.2mi") == [3]
    assert "no picture lies there; 2 pictures with a place" in refusal(
        catalog, "near=0,-179.999,1800m"
    )


@pytest.mark.parametrize(
    "asked",
    [
        "here",
        "48.2,16.4",
        "48.2,16.4,5 parsecs",
        "91,0,1km",
        "0,181,1km",
        "nan,0,1km",
        "0,0,0km",
        "0,0,-5km",
        "0,0,infkm",
        "0,0,1..2km",
        "48.2,16.4,5km,7",
        "N48,E16,5km",
    ],
)
def test_what_is_no_place_is_refused(asked: str) -> None:
    assert "write latitude, longitude and distance" in refusal(catalog_of([[]]), f"near={asked}")


def test_hostile_rows_of_a_catalog_are_passed_over() -> None:
    catalog = catalog_of([[Datum("iso", "100", 100.0)], [Datum("camera", "x")], []])
    for row in (
        (3, "iso", "infinite", math.inf),
        (3, "latitude", "x", "abc"),
        (2, "taken", b"\xff\0", None),
        (2, "unknown", "x", 1.0),
        (2, "iso", "1e300", 1e300),
        (99, "iso", "200", 200.0),
        ("x", "iso", "300", 300.0),
        (2, b"camera", "blob", None),
    ):
        catalog.db.execute("INSERT INTO metadata VALUES (?, ?, ?, ?)", row)
    assert found(catalog, "iso=100") == [1]
    assert "no picture has such a value" in refusal(catalog, "iso=200")
    assert [d.name for d in catalog.metadata.of([2])[2]] == ["taken", "camera", "camera", "iso"]
    assert np.isfinite(catalog.metadata.numbers("iso")[1]).all()
    assert "near" not in catalog.metadata.counts()
    assert "place" in refusal(catalog, "near=0,0,1km")


def test_only_ok_pictures_pass() -> None:
    catalog = catalog_of([[Datum("iso", "100", 100.0)]] * 3)
    catalog.db.execute("UPDATE images SET status = 'missing' WHERE id = 1")
    assert found(catalog, "iso=100") == [2, 3]
    assert catalog.metadata.counts() == {"iso": 2}
    assert catalog.metadata.tally("iso") == {"100": 2}
