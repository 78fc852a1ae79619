"""Each rule on stores at its edge: what must be reported, and the close case that must not."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imgrec import Store, neighbors_of
from imgrec.checks import check_store
from imgrec.collection import Catalog, migrations
from imgrec.derived.kept import update_indexes
from imgrec.store.kept import check, save
from imgrec.store.parts import write_part
from older_catalogs import downgrade
from site_stores import keep_classes
from thumb_parts import write_thumbs

Finding = tuple[str, str, str]


@pytest.fixture(scope="module")
def full(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a k-NN graph, search indexes and classes of some pictures."""
    path = Path(shutil.copytree(photo_store, tmp_path_factory.mktemp("edges") / "store"))
    with Store.create(path) as store:
        neighbors_of(store)
        with store.writing():
            update_indexes(store, sketch_values=1)
    keep_classes(path, {i: [("alp", 0.6), ("hay", 0.2)] for i in range(1, 11)})
    return path


@pytest.fixture
def store(full: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full, tmp_path / "store"))


def found(store: Path) -> list[Finding]:
    report, _ = check_store(store)
    return [(f.severity, f.place, f.problem) for f in report.findings]


def sql(store: Path, *statements: str) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_store_with_classes_of_some_pictures_is_sound(store: Path) -> None:
    """Classes exist only of pictures that a classifier has seen: the others lack nothing."""
    assert found(store) == []


_GONE = "UPDATE images SET status = 'missing' WHERE id = 3"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # What is stored of pictures that are not ok is no fault: it is used when they come back.
        ([_GONE], None),
        (["UPDATE images SET status = 'new', digest = NULL WHERE id = 3"], None),
        (["UPDATE images SET status = 'failed', reason = 'truncated' WHERE id = 3"], None),
        (["UPDATE images SET status = 'failed', reason = 'eaten' WHERE id = 3"],
         "1 picture failed for a reason that this version does not know"),
        (["UPDATE images SET status = 'failed' WHERE id = 3"], "failed, but without a reason"),
        (["UPDATE images SET height = 0 WHERE id = 3"], "ok, but without pixels"),
        (["UPDATE images SET width = 0 WHERE id = 3"], "ok, but without pixels"),
        (["UPDATE images SET width = NULL WHERE id = 3"], "ok, but never read"),
        (["UPDATE images SET height = NULL WHERE id = 3"], "ok, but never read"),
        (["UPDATE images SET format = NULL WHERE id = 3"], "ok, but never read"),
        (["UPDATE images SET path = '/etc/a.jpg' WHERE id = 3"], "invalid path or size"),
        (["UPDATE images SET path = 'a//b.jpg' WHERE id = 3"], None),
        (["UPDATE images SET size = -1 WHERE id = 3"], "invalid path or size"),
        (["UPDATE images SET size = 0 WHERE id = 3"], None),
        ([_GONE, "UPDATE images SET path = '' WHERE id = 3"], None),
        (["INSERT INTO labels VALUES (24, 'mine', 'x')"], None),
        (["INSERT INTO labels VALUES (25, 'mine', 'x')"], "1 row of the catalog refer"),
    ],
)  # fmt: skip
def test_rows_of_the_catalog(store: Path, changes: list[str], said: str | None) -> None:
    sql(store, *changes)
    problems = [problem for _, _, problem in found(store)]
    if said is None:
        assert problems == []
    else:
        assert any(said in problem for problem in problems), problems


def test_a_picture_of_one_pixel_is_no_contradiction(store: Path) -> None:
    """Only the comparison with the thumbnails' copy tells that this one is wrong."""
    sql(store, "UPDATE images SET width = 1, height = 1 WHERE id = 3")
    ((severity, _, problem),) = found(store)
    assert severity == "error"
    assert problem.startswith("digest, size or format of 1 picture (3) differ")


def test_a_catalog_of_an_older_schema_is_migrated_by_the_next_run(store: Path) -> None:
    newest = len(migrations.MIGRATIONS)
    downgrade(store / "catalog.sqlite", newest - 1)
    ((_, place, problem),) = [finding for finding in found(store) if "schema" in finding[2]]
    assert place == str(store)
    assert problem.startswith(f"the catalog has schema {newest - 1}, ")
    Catalog.create(store / "catalog.sqlite").close()
    assert found(store) == []


@pytest.mark.parametrize(("name", "fault"), [("mini", False), ("rgb", False), ("gone", True)])
def test_the_encoder_that_a_store_names(store: Path, name: str, fault: bool) -> None:
    manifest = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(manifest | {"encoder": name}))
    said = f"store.json names the encoder {name!r}, but the store has no feature of it"
    assert [problem for _, _, problem in found(store)] == [said] * fault


def test_an_encoder_is_named_before_anything_is_indexed(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    manifest = json.loads((tmp_path / "store" / "store.json").read_text())
    (tmp_path / "store" / "store.json").write_text(json.dumps(manifest | {"encoder": "mini"}))
    assert found(tmp_path / "store") == []


def _replace(folder: Path, change: Callable[[dict[str, NDArray[Any]]], object]) -> None:
    """Write a kept folder again with changed arrays, and so with right checksums."""
    kept = check(folder)
    arrays = {name: np.array(values) for name, values in kept.arrays.items()}
    change(arrays)
    save(folder, {}, arrays, kept.state)


def _set(name: str, place: Any, value: float) -> Callable[[dict[str, NDArray[Any]]], object]:
    return lambda arrays: arrays[name].__setitem__(place, value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda arrays: None, None),
        (_set("ids", 1, 1), "its ids are not ascending"),
        (_set("owners", 2, -1), "does not list"),
        (_set("owners", 2, 1), "does not list"),
        # Equal distances are those of copies.
        (_set("distances", (2, slice(None)), 0.5), None),
        (_set("distances", (2, 1), 9.0), "its distances are not ascending"),
        (_set("distances", (2, 0), -1.0), None),
        (_set("distances", (2, -1), np.nan), "not finite"),
        (_set("neighbors", (2, 0), 24), None),
        (_set("neighbors", (2, 0), 25), "that have no row in it"),
        (_set("neighbors", (2, 0), 0), "that have no row in it"),
        (lambda arrays: arrays.update(distances=arrays["distances"][:-1]), "distances.npy has 23"),
        (lambda arrays: arrays.update(neighbors=arrays["neighbors"][1:]), "neighbors.npy has 23"),
        (lambda arrays: arrays.update(owners=arrays["owners"][1:]), "its ids are not ascending"),
        (lambda arrays: arrays.pop("owners"), "an expected array or key is absent"),
    ],
)
def test_the_arrays_of_a_knn_graph(store: Path, change: Any, said: str | None) -> None:
    _replace(store / "knn" / "mini", change)
    problems = [(severity, place) for severity, place, problem in found(store) if said in problem
                ] if said else found(store)  # fmt: skip
    assert problems == ([("error", "knn/mini")] if said else [])


def test_a_graph_with_a_row_of_no_picture(store: Path) -> None:
    """The picture has left the catalog, and its rows in parts are only ignored."""
    sql(store, "DELETE FROM labels WHERE image_id = 24", "DELETE FROM images WHERE id = 24")
    said = "it has rows of pictures that are not in the catalog"
    places = sorted(place for severity, place, problem in found(store) if problem == said)
    assert places == ["indexes/mini/sketch", "indexes/rgb/pca", "indexes/rgb/sketch", "knn/mini"]


@pytest.mark.parametrize("length", [23, 25])
def test_an_index_of_fewer_or_more_rows_than_ids(store: Path, length: int) -> None:
    def cut(arrays: dict[str, NDArray[Any]]) -> None:
        arrays["rows-codes"] = np.resize(arrays["rows-codes"], (length, 4))

    _replace(store / "indexes" / "mini" / "sketch", cut)
    ((_, place, problem),) = found(store)
    assert (place, problem) == (
        "indexes/mini/sketch", f"rows-codes.npy has {length} rows, ids.npy 24"
    )  # fmt: skip


_KEPT = (
    *("knn/rgb", "indexes/mini/kmeans-3", "layouts/mini/umap-2d-ab", "layouts/mini/whole-2d"),
    *("projector/mini", "duplicates", "verdicts", "communities", "relations/a+b"),
)


@pytest.mark.parametrize("folder", _KEPT)
def test_what_is_kept_is_sound_until_a_byte_is_lost(store: Path, folder: str) -> None:
    path = store / folder
    if folder.startswith(("knn", "indexes")):
        sound = store / ("knn/mini" if folder.startswith("knn") else "indexes/mini/sketch")
        shutil.copytree(sound, path)
    else:
        save(path, {}, {"values": np.arange(3.0)})
    assert found(store) == []
    array = min(path.glob("*.npy"))
    array.write_bytes(array.read_bytes()[:-1])
    ((severity, place, problem),) = found(store)
    assert (severity, place) == ("error", folder)
    assert problem.startswith(f"{array.name} has ")
    # Left by a killed run, and deleted by the next one.
    path.rename(path.with_name(".tmp-host-1-" + path.name))
    assert found(store) == []


def _effects(store: Path) -> dict[str, str]:
    report, _ = check_store(store)
    return {f.place: f.effect for f in report.findings}


def test_each_kind_of_kept_rows_is_made_again_by_another_command(store: Path) -> None:
    for folder in ("knn/mini", "indexes/rgb/pca", "indexes/mini/sketch", "relations/a+b"):
        (store / folder).mkdir(parents=True, exist_ok=True)
        (store / folder / "kept.json").write_text("{}")
    told = _effects(store)
    assert told["knn/mini"].startswith("it is ignored")
    assert told["indexes/rgb/pca"].startswith("the next imgrec index rebuilds it")
    assert told["indexes/mini/sketch"].startswith("the next imgrec index rebuilds it")
    assert told["relations/a+b"].startswith("until the next imgrec index keeps it again")


def _sign(part: Path, **changed: bytes) -> None:
    """Write a part again with other files, and so with right checksums."""
    files = {path.name: path.read_bytes() for path in part.iterdir() if path.name != "part.json"}
    files |= {name.replace("_", "."): data for name, data in changed.items()}
    number = int(part.name.removeprefix("part-"))
    shutil.rmtree(part)
    write_part(part.parent, number, files)


@pytest.mark.parametrize(("value", "fault"), [(0.0, False), (np.nan, True), (np.inf, True)])
def test_probabilities_that_are_not_finite(store: Path, value: float, fault: bool) -> None:
    part = store / "classes" / "net" / "part-000000"
    probabilities = np.load(part / "probabilities.npy")
    probabilities[-1, -1] = value
    np.save(part / "probabilities.npy", probabilities)
    _sign(part)
    said = ("error", "classes/net/part-000000", "probabilities.npy holds values that are not "
            "finite numbers")  # fmt: skip
    assert found(store) == [said] * fault


@pytest.mark.parametrize("foreign", [False, True])
def test_vectors_made_elsewhere_cannot_be_made_again(store: Path, foreign: bool) -> None:
    if foreign:
        feature = store / "features" / "rgb"
        described = json.loads((feature / "feature.json").read_text()) | {"foreign": True}
        (feature / "feature.json").write_text(json.dumps(described))
        part = json.loads((feature / "part-000000" / "part.json").read_text())
        assert part
    (store / "features" / "rgb" / "part-000000" / "vectors.npy").write_bytes(b"")
    told = _effects(store)["features/rgb/part-000000"]
    assert ("imgrec index --vectors" in told) == foreign
    assert ("reads its pictures again" in told) != foreign


@pytest.mark.parametrize("foreign", [False, True])
def test_pictures_without_a_row_get_it_by_another_command(store: Path, foreign: bool) -> None:
    feature = store / "features" / "rgb"
    if foreign:
        described = json.loads((feature / "feature.json").read_text()) | {"foreign": True}
        (feature / "feature.json").write_text(json.dumps(described))
    shutil.rmtree(feature / "part-000000")
    shutil.rmtree(store / "indexes")
    told = _effects(store)["features/rgb"]
    assert ("imgrec index --vectors" in told) == foreign


@pytest.mark.parametrize(("spoilt", "noticed"), [(1, True), (2, False), (5, True), (61, True)])
def test_a_sample_of_the_thumbnails_is_decoded(
    photo_store: Path, tmp_path: Path, spoilt: int, noticed: bool
) -> None:
    """Of 64 thumbnails, every fourth; with --deep, all of them."""
    path = Path(shutil.copytree(photo_store, tmp_path / "store"))
    with Store.create(path) as opened:
        jpeg = opened.thumbs().get(1)
        with opened.catalog.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO images (id, root_id, path, size, mtime_ns, status) "
                "VALUES (?, 1, 'x', 1, 1, 'missing')", [(i,) for i in range(1, 65)],
            )  # fmt: skip
    thumbs = [b"no jpeg" if i == spoilt else jpeg for i in range(1, 65)]
    write_thumbs(path / "thumbs", 1, np.arange(1, 65), thumbs)
    assert check_store(path)[1] == ["thumbs/part-000001"] * noticed
    assert check_store(path, deep=True)[1] == ["thumbs/part-000001"]


def test_a_row_that_the_catalog_does_not_know_is_a_warning_for_each_part(store: Path) -> None:
    values = {"ids.npy": np.array([24, 25]), "vectors.npy": np.zeros((2, 512), np.float32)}
    write_part(store / "features" / "mini", 1, values)
    ((severity, place, problem),) = found(store)
    assert (severity, place) == ("warning", "features/mini/part-000001")
    assert problem == "1 row of pictures that are not in the catalog"
