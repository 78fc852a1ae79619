"""A catalog rebuilt from the parts of a store: same pictures, same ids, and no id is reused."""

from pathlib import Path

import numpy as np

from imgrec.collection import Catalog
from imgrec.collection.integrity import catalog_problem
from imgrec.collection.rebuild import KnownPicture, KnownRoot, Rebuilt, rebuild

ROOTS = [KnownRoot(3, "/nowhere/one", True), KnownRoot(5, "/nowhere/two", False)]


def _picture(image_id: int, root: int, path: str, size: int = 10) -> KnownPicture:
    return image_id, root, path, size, 20, f"digest {image_id}", 4, 5, "JPEG", ()


def _rebuilt(path: Path, pictures: list[KnownPicture], stored: list[list[int]]) -> Rebuilt:
    return rebuild(path, ROOTS, pictures, [np.array(ids, np.int64) for ids in stored])


def test_known_pictures_are_restored_under_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    pictures = [_picture(7, 3, "a/x.jpg"), _picture(2, 3, "y.jpg"), _picture(4, 5, "z.jpg")]
    assert _rebuilt(path, pictures, [[2, 4], [2, 7]]) == Rebuilt(3, 0)
    assert catalog_problem(path, deep=True) is None
    catalog = Catalog.open(path)
    assert catalog.roots() == {"/nowhere/one": 3, "/nowhere/two": 5}
    found = {
        entry.id: (entry.root, entry.path, entry.status) for entry in catalog.entries([2, 4, 7])
    }
    assert found == {
        2: ("/nowhere/one", "y.jpg", "ok"),
        # A picture of a root that held no other.
        4: ("/nowhere/two", "z.jpg", "missing"),
        7: ("/nowhere/one", "a/x.jpg", "ok"),
    }
    assert catalog.labels.of_kind("folder") == {2: "one", 7: "a"}
    catalog.close()


def test_of_several_pictures_at_one_path_only_the_newest_is_ok(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    _rebuilt(path, [_picture(1, 3, "x.jpg"), _picture(9, 3, "x.jpg"), _picture(4, 3, "x.jpg")], [])
    catalog = Catalog.open(path)
    assert (catalog.ids("ok").tolist(), catalog.ids("missing").tolist()) == ([9], [1, 4])
    catalog.close()


def test_of_two_records_with_one_id_the_later_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    _rebuilt(path, [_picture(1, 3, "x.jpg", 10), _picture(1, 3, "x.jpg", 11)], [])
    catalog = Catalog.open(path)
    assert catalog.entries([1])[0].size == 11
    catalog.close()


def test_ids_without_a_known_picture_are_never_reused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    # The root of 6 is not known.
    found = _rebuilt(path, [_picture(1, 3, "x.jpg"), _picture(6, 99, "y.jpg")], [[1, 6], [8]])
    assert found == Rebuilt(1, 2)
    catalog = Catalog.open(path)
    assert catalog.ids("missing").tolist() == [6, 8]
    assert catalog.last_given_id() == 8
    catalog.close()
