"""Flaws of pictures: what is beyond which limit, the worst first, against pictures made so."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from imgrec import Store, index_folders
from imgrec.reporting.facts.catalog import Files
from imgrec.reporting.facts.looks import FLAWS, SIDE, Flaw, Looks
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.sections.looks import look_section
from imgrec.store.measures import measures_in
from stores import HERE

_SIDE = 400


def _photo(seed: int) -> Image.Image:
    """Return something like a photo of medium exposure: shapes with sharp edges, and noise."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (_SIDE, _SIDE), (130, 120, 110))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, size = rng.integers(0, _SIDE, 3).tolist()
        color = tuple(rng.integers(40, 220, 3).tolist())
        draw.ellipse((x, y, x + size / 4 + 8, y + size / 4 + 8), fill=color)
    noise = rng.normal(0, 4, (_SIDE, _SIDE, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _brighter(image: Image.Image, stops: float) -> Image.Image:
    light = (np.asarray(image) / 255) ** 2.2 * 2**stops
    return Image.fromarray((255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8))


def _screen() -> Image.Image:
    """Return a screen of 1280 x 800 px with a window and lines of text."""
    image = Image.new("RGB", (1280, 800), (236, 238, 241))
    draw = ImageDraw.Draw(image)
    draw.rectangle((100, 80, 1180, 720), fill=(252, 252, 250))
    for y in range(110, 700, 22):
        draw.text((130, y), "a line of text in a window of a program" * 3, fill=(30, 30, 30))
    return image


_MADE: dict[str, Callable[[], Image.Image]] = {
    "blurred": lambda: _photo(1).filter(ImageFilter.GaussianBlur(2)),
    "dark": lambda: _brighter(_photo(2), -3.5),
    "clipped": lambda: _brighter(_photo(3), 2.5),
    "empty": lambda: Image.fromarray(
        np.random.default_rng(4).integers(98, 102, (_SIDE, _SIDE, 3), np.uint8)
    ),
    "screenshot": _screen,
    "tiny": lambda: _photo(5).resize((128, 200)),
}


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of six good pictures and one with each flaw, named by it."""
    folder = tmp_path_factory.mktemp("flawed")
    for number in range(6):
        _photo(10 + number).save(folder / f"good-{number}.png")
    for name, made in _MADE.items():
        made().save(folder / f"{name}.png")
    index_folders([folder], folder.with_name("flawed-store"), HERE)
    return folder.with_name("flawed-store")


def _looks(store: Store) -> Looks:
    return Looks.of(store, Files.of(store.catalog))


def test_each_flaw_is_found_in_the_picture_that_has_it_and_in_no_good_one(flawed: Path) -> None:
    with Store.open(flawed) as store:
        looks = _looks(store)
        names = {entry.id: Path(entry.path).stem for entry in store.catalog.entries_with("ok")}
    assert [one.flaw.name for one in looks.found] == list(_MADE)
    for one in looks.found:
        found = [names[i] for i in one.ids.tolist()]
        assert one.flaw.name in found
        assert not any(name.startswith("good") for name in found)
    assert (looks.pictures, looks.measured) == (12, 12)
    assert looks.flawed == 6


def test_the_worst_is_first_and_values_are_those_of_the_store(flawed: Path) -> None:
    with Store.open(flawed) as store:
        looks, measures = _looks(store), measures_in(store)
        entries = {entry.id: entry for entry in store.catalog.entries_with("ok")}
    for one in looks.found:
        if one.flaw.measure == SIDE:
            known = {i: float(min(e.width or 0, e.height or 0)) for i, e in entries.items()}
        else:
            ids, values = measures[one.flaw.measure]
            known = dict(zip(ids.tolist(), values.tolist(), strict=True))
        assert one.values.tolist() == [known[i] for i in one.ids.tolist()]
        assert one.values.tolist() == sorted(one.values.tolist(), reverse=not one.flaw.low)
        missed = {i for i in known if i not in one.ids}
        assert not one.flaw.has(np.array([known[i] for i in missed])).any()


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.name)
def test_a_value_at_the_limit_counts_and_the_one_before_it_does_not(flaw: Flaw) -> None:
    step = 0.1 if flaw.low else -0.1
    beyond, within = flaw.limit - step, flaw.limit + step
    assert flaw.has(np.array([beyond, flaw.limit, within])).tolist() == [True, True, False]
    assert flaw.shown(flaw.limit) in flaw.bound


def test_the_table_lists_all_that_are_beyond_a_limit(flawed: Path) -> None:
    with Store.open(flawed) as store:
        looks = _looks(store)
        section = look_section(looks, store.catalog, Thumbnails(store))
    charts = {chart.name: chart for chart in section.charts}
    rows = list(csv.DictReader(io.StringIO(charts["picture-flaws"].table)))
    assert len(rows) == sum(len(one.ids) for one in looks.found)
    for row in rows:
        (one,) = [one for one in looks.found if one.flaw.name == row["flaw"]]
        assert row["measure"] == one.flaw.measure
        assert float(row["limit"]) == one.flaw.limit
        assert one.flaw.has(np.array([float(row["value"])])).all()
    assert {(row["flaw"], Path(row["path"]).stem) for row in rows} >= {(n, n) for n in _MADE}
    for one in looks.found:
        assert f"{one.flaw.title}, {one.flaw.bound}: {len(one.ids)}" in charts["picture-flaws"].alt
    assert "imgrec query --where sharpness=..30" in charts["flaws"].text
    assert {"sharpness", "brightness", "clipped"} < {*charts}


def test_pictures_that_were_not_measured_are_counted_with_what_to_do(
    flawed: Path, tmp_path: Path
) -> None:
    with Store.create(flawed) as store:
        db = store.catalog.db
        kept = db.execute("SELECT * FROM metadata").fetchall()
        try:
            db.execute("DELETE FROM metadata WHERE image_id <= 3")
            some = look_section(_looks(store), store.catalog, Thumbnails(store))
            db.execute("DELETE FROM metadata")
            looks = _looks(store)
            none = look_section(looks, store.catalog, Thumbnails(store))
        finally:
            db.execute("DELETE FROM metadata")
            db.executemany("INSERT INTO metadata VALUES (?, ?, ?, ?)", kept)
            db.commit()
    assert "3 of 12 pictures were not measured" in some.lines[-1]
    assert "Delete the folder `thumbs` of the store, then run `imgrec index`" in some.lines[-1]
    assert none.lines[-1].startswith("The pictures were not measured")
    assert [len(one.ids) for one in looks.found] == [0, 0, 0, 0, 0, 1]
    charts = {chart.name: chart for chart in none.charts}
    assert set(charts) == {"flaws", "picture-flaws"}
    texts = [text.get_text() for text in charts["flaws"].draw(440).axes[0].texts]
    assert texts.count("not measured") == 5
    assert "1 · 8 %" in texts


def test_good_pictures_have_no_row(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        _photo(number).save(tmp_path / "photos" / f"{number}.png")
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        section = look_section(_looks(store), store.catalog, Thumbnails(store))
    assert section.lines == ("No picture is beyond a limit from which pictures are worth a look.",)
    assert [chart.name for chart in section.charts] == [
        "flaws", "sharpness", "brightness", "clipped"
    ]  # fmt: skip
