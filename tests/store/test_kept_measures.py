"""The measures of a store: kept beside metadata, searched by name, and none of what files say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from imgrec import ImgrecError, Store, index_folders
from imgrec.collection.filters import Filter
from imgrec.pictures.decoding import Scales, decode
from imgrec.pictures.measures import measures_of
from imgrec.pictures.metadata_names import MEASURES
from imgrec.pictures.scaling import THUMB_PX
from imgrec.store.measures import measures_in
from stores import HERE, contents

_SIDE = 300


@pytest.fixture(scope="module")
def store_of_four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of a sharp, a blurred, a dark and a plain picture, ids 1 to 4 by name."""
    folder = tmp_path_factory.mktemp("four")
    drawn = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    sharp = Image.fromarray(drawn).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    sharp.save(folder / "1-sharp.png")
    sharp.filter(ImageFilter.GaussianBlur(4)).save(folder / "2-blurred.png")
    sharp.point([value // 8 for value in range(256)] * 3).save(folder / "3-dark.png")
    Image.new("RGB", (_SIDE, _SIDE), (90, 120, 90)).save(folder / "4-plain.png")
    index_folders([folder], folder.with_name("store-of-four"), HERE)
    return folder.with_name("store-of-four")


def test_measures_are_those_of_the_decoded_pictures(store_of_four: Path) -> None:
    with Store.open(store_of_four) as store:
        found = measures_in(store)
        entries = store.catalog.entries(store.catalog.ids("ok"))
    assert list(found) == list(MEASURES)
    expected: dict[str, dict[int, float | None]] = {name: {} for name in MEASURES}
    for entry in entries:
        image = decode(Path(entry.location).read_bytes()).image
        for datum in measures_of(image, Scales(image).fitted(THUMB_PX), image.size):
            expected[datum.name][entry.id] = datum.number
    told = {
        name: dict(zip(ids.tolist(), values.tolist(), strict=True))
        for name, (ids, values) in found.items()
    }
    assert told == expected
    assert [*told["sharpness"]] == [1, 2, 3] and len(told["flat"]) == 4


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("sharpness=..25", ["2-blurred"]),
        ("brightness=..10", ["3-dark"]),
        ("flat=100", ["4-plain"]),
        ("flat=90..", ["4-plain"]),
        ("contrast=..0.5%", ["4-plain"]),
    ],
)
def test_measures_are_searched_by_name(store_of_four: Path, where: str, names: list[str]) -> None:
    with Store.open(store_of_four) as store:
        found = store.catalog.entries(Filter.parse([where]).ids(store.catalog))
    assert [Path(entry.path).stem for entry in found] == names


def test_a_measure_that_no_picture_has_is_told_with_the_range(store_of_four: Path) -> None:
    with Store.open(store_of_four) as store, pytest.raises(ImgrecError, match="they have 0 to 100"):
        Filter.parse(["flat=40..60"]).ids(store.catalog)


def test_measures_are_none_of_what_files_say(store_of_four: Path) -> None:
    with Store.open(store_of_four) as store:
        assert store.catalog.metadata.of(range(1, 5)) == dict.fromkeys(range(1, 5), ())
        assert store.catalog.metadata.counts() == {}
        assert store.catalog.metadata.count_described() == 0


def test_a_rebuilt_catalog_has_them(store_of_four: Path) -> None:
    before = contents(store_of_four)
    (store_of_four / "catalog.sqlite").unlink()
    index_folders([], store_of_four, HERE)
    assert before["measures"]["sharpness"][0] and contents(store_of_four) == before


def test_a_store_without_measures_says_how_to_get_them(store_of_four: Path, tmp_path: Path) -> None:
    with Store.create(store_of_four) as store, store.catalog.transaction() as db:
        kept = db.execute("SELECT * FROM metadata").fetchall()
        db.execute("DELETE FROM metadata WHERE name = 'flat'")
        db.execute("UPDATE metadata SET number = 101 WHERE name = 'contrast' AND image_id = 2")
        db.execute("UPDATE metadata SET number = 'x' WHERE name = 'contrast' AND image_id = 3")
    with Store.open(store_of_four) as store:
        found = measures_in(store)
        assert "flat" not in found and found["contrast"][0].tolist() == [1, 4]
        with pytest.raises(ImgrecError, match="no picture was measured: delete the folder thumbs"):
            Filter.parse(["flat=1.."]).ids(store.catalog)
    with Store.create(store_of_four) as store, store.catalog.transaction() as db:
        db.execute("DELETE FROM metadata")
        db.executemany("INSERT INTO metadata VALUES (?, ?, ?, ?)", kept)
