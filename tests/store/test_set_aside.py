"""Damaged parts are moved aside, and damaged descriptions are written anew from what parts say."""

import json
from pathlib import Path

import numpy as np
import pytest

from imgrec import Options, Store, index_folders
from imgrec.store.set_aside import (
    description_problem,
    mend_descriptions,
    report_damaged,
    reported_damaged,
    set_aside_damaged,
)
from imgrec.system.json_files import read_json
from written_parts import (
    CATEGORIES,
    DESCRIBED,
    cut,
    flip,
    write_classes,
    write_feature,
    write_thumbs,
)


def test_what_is_reported_is_read_again_and_forgotten(tmp_path: Path) -> None:
    assert reported_damaged(tmp_path) == set()
    report_damaged(tmp_path, ["b", "a"])
    assert read_json(tmp_path / "damaged.json") == {"parts": ["a", "b"]}
    assert reported_damaged(tmp_path) == {"a", "b"}
    report_damaged(tmp_path, [])
    assert not (tmp_path / "damaged.json").exists()
    report_damaged(tmp_path, [])
    for text in ("[]", '{"parts": 5}', "{", '{"others": []}'):
        (tmp_path / "damaged.json").write_text(text, "utf-8")
        assert reported_damaged(tmp_path) == set()


def test_damaged_parts_are_moved_aside_and_sound_ones_stay(tmp_path: Path) -> None:
    _, sound = write_feature(tmp_path)
    _, damaged = write_feature(tmp_path)
    cut(damaged / "vectors.npy")
    aside = tmp_path / "damaged" / "features" / "x" / "part-000001"
    assert set_aside_damaged(tmp_path) == [
        f"{damaged} was damaged (vectors.npy has 175 bytes, 176 were written): it lies in {aside} "
        "now, and its pictures are done again"
    ]
    assert (sound.is_dir(), damaged.exists(), aside.is_dir()) == (True, False, True)
    assert set_aside_damaged(tmp_path) == []
    # The next damaged part of this number does not replace the first one.
    write_feature(tmp_path)
    cut(damaged / "vectors.npy")
    (line,) = set_aside_damaged(tmp_path)
    assert f"it lies in {aside}-2 now" in line
    write_feature(tmp_path)
    cut(damaged / "vectors.npy")
    (line,) = set_aside_damaged(tmp_path)
    assert f"it lies in {aside}-3 now" in line


def test_only_reported_parts_are_read_whole(tmp_path: Path) -> None:
    _, part = write_feature(tmp_path, np.zeros((9000, 4), np.float32), np.arange(1, 9001))
    flip(part / "vectors.npy")
    report_damaged(tmp_path, ["features/x/part-000009"])
    assert set_aside_damaged(tmp_path) == []
    assert not (tmp_path / "damaged.json").exists()
    report_damaged(tmp_path, ["features/x/part-000000"])
    (line,) = set_aside_damaged(tmp_path)
    assert "(vectors.npy is not what was written, by its digest)" in line
    assert reported_damaged(tmp_path) == set()


def test_vectors_made_elsewhere_are_to_be_given_again(tmp_path: Path) -> None:
    _, part = write_feature(tmp_path, foreign=True)
    cut(part / "ids.npy")
    (line,) = set_aside_damaged(tmp_path)
    assert line.endswith("cannot be made again from pictures: give its vectors by --vectors x=FILE")


def test_a_description_is_compared_with_what_its_parts_say(tmp_path: Path) -> None:
    output, _ = write_feature(tmp_path)
    place = output.folder / "feature.json"
    assert description_problem(output) is None
    assert mend_descriptions(tmp_path) == []
    for text in ("{", json.dumps({**DESCRIBED, "dimensions": 5})):
        place.write_text(text, "utf-8")
        assert description_problem(output) == "it is not what its parts were made by"
        assert mend_descriptions(tmp_path) == [
            f"{place} was damaged: it is written anew, from what its parts say"
        ]
        assert read_json(place) == DESCRIBED
    # The newest part that has a valid copy counts.
    write_feature(tmp_path, version=2)
    _, newest = write_feature(tmp_path, version=3)
    cut(newest / "part.json")
    place.unlink()
    mend_descriptions(tmp_path)
    assert read_json(place) == {**DESCRIBED, "version": 2}


def test_a_feature_that_nothing_describes_is_moved_aside(tmp_path: Path) -> None:
    output, part = write_feature(tmp_path)
    cut(part / "part.json")
    place, aside = output.folder / "feature.json", tmp_path / "damaged" / "features" / "x"
    assert description_problem(output) is None
    place.write_text('{"name": "x"}', "utf-8")
    assert description_problem(output) == "it is damaged or not there"
    assert mend_descriptions(tmp_path) == [
        f"{place} was damaged, and nothing else says how the vectors were made: the feature lies "
        f"in {aside} now; name its --encoder to have it made again"
    ]
    assert (output.folder.exists(), aside.is_dir()) == (False, True)


@pytest.mark.parametrize("text", ["", "{", '{"name": "x"}'])
def test_a_damaged_description_without_parts_is_deleted(tmp_path: Path, text: str) -> None:
    places = [tmp_path / name for name in ("features/x/feature.json", "classes/x/classes.json")]
    for place in places:
        place.parent.mkdir(parents=True)
        place.write_text(text, "utf-8")
    assert mend_descriptions(tmp_path) == [
        f"{place} was damaged, before any part was made: it is written anew" for place in places
    ]
    assert mend_descriptions(tmp_path) == []


def test_a_run_after_a_damaged_description_without_parts_writes_it_anew(
    photos: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    Store.create(store).close()
    place = store / "features" / "mini" / "feature.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")
    summary = index_folders([photos], store, Options(encoders=("mini",), workers=0))
    assert summary.warnings == [
        f"{place} was damaged, before any part was made: it is written anew"
    ]
    assert summary.counts["ok"] == 24


@pytest.mark.parametrize("text", [None, "[]", '{"categories": 5}', "{}"])
def test_classes_without_their_categories_are_moved_aside(tmp_path: Path, text: str | None) -> None:
    output, _ = write_classes(tmp_path, np.zeros((3, 5), np.int16), np.zeros((3, 5), np.float32))
    (output.folder / "classes.json").write_text(CATEGORIES, "utf-8")
    assert description_problem(output) is None
    assert mend_descriptions(tmp_path) == []
    (output.folder / "classes.json").unlink()
    if text is not None:
        (output.folder / "classes.json").write_text(text, "utf-8")
    damage = "it is not there" if text is None else "it is damaged"
    assert description_problem(output) == damage
    aside = tmp_path / "damaged" / "classes" / "x"
    assert mend_descriptions(tmp_path) == [
        f"{output.folder} was damaged: it lies in {aside} now, and is made again"
    ]
    assert aside.is_dir()


def test_thumbnails_have_no_description(tmp_path: Path) -> None:
    output, _ = write_thumbs(tmp_path, [0, 1, 2, 3], 3)
    assert description_problem(output) is None
