"""Duplicates of stores: copies, links, and the order of groups, whatever the ids."""

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

import imgrec.duplicates.file_stage
from imgrec import Duplicates, KeepRules, Store, find_duplicates, index_folders
from imgrec.collection.kinds import DUPLICATES, SIMILAR
from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Comparison, Verdict
from imgrec.duplicates.find import known_duplicates
from imgrec.duplicates.labels import keep_duplicate_labels
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from imgrec.duplicates.verdicts import load_verdicts
from imgrec.samples.render import render_sample
from stores import HERE, nothing_can_be_written

Row = tuple[str, str, str, str]


def write(folder: Path, files: dict[str, int]) -> None:
    """Write rendered pictures, by name the number of the sample."""
    for name, number in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        render_sample(0, number).save(path, quality=90)
        os.utime(path, (10**9, 10**9))


def rows(path: Path, rules: KeepRules | None = None) -> list[list[Row]]:
    """Return path, kind, keep and the path of the kept file of all members, group by group."""
    with Store.open(path) as store:
        found = find_duplicates(store, rules, workers=0)
        names = {e.id: e.path for e in store.catalog.entries(store.catalog.ids("ok"))}
    return [
        [(names[m.id], m.kind, m.keep, names[m.same_as]) for m in group.members]
        for group in found.groups
    ]


def test_copies_are_superfluous_and_the_first_by_path_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "p", {"b.jpg": 1, "a.jpg": 1, "sub/c.jpg": 1, "z.jpg": 2, "x.jpg": 3})
    shutil.copy2(tmp_path / "p/z.jpg", tmp_path / "p/y.jpg")
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    assert rows(tmp_path / "store") == [
        [
            ("a.jpg", "kept", "yes", "a.jpg"),
            ("b.jpg", "copy", "no", "a.jpg"),
            ("sub/c.jpg", "copy", "no", "a.jpg"),
        ],
        [("y.jpg", "kept", "yes", "y.jpg"), ("z.jpg", "copy", "no", "y.jpg")],
    ]


def test_names_of_one_file_are_links_with_the_decision_of_their_file(tmp_path: Path) -> None:
    write(tmp_path / "p", {"a.jpg": 1, "c.jpg": 1, "e.jpg": 1})
    os.link(tmp_path / "p/a.jpg", tmp_path / "p/b.jpg")
    os.link(tmp_path / "p/c.jpg", tmp_path / "p/d.jpg")
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    assert rows(tmp_path / "store") == [
        [
            ("a.jpg", "kept", "yes", "a.jpg"),
            ("b.jpg", "link", "yes", "a.jpg"),
            ("c.jpg", "copy", "no", "a.jpg"),
            ("d.jpg", "link", "no", "a.jpg"),
            ("e.jpg", "copy", "no", "a.jpg"),
        ]
    ]


def test_the_original_with_its_metadata_is_kept_and_none_is_lost_unseen(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    taken = Image.Exif()
    taken.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2019:07:14 10:00:00"
    picture = render_sample(0, 1)
    picture.save(folder / "original.jpg", quality=90, exif=taken)
    with Image.open(folder / "original.jpg") as opened:
        pixels = opened.convert("RGB")
    # The same pixels in more bytes, without any metadata.
    pixels.save(folder / "edited.png")
    dated, bare = render_sample(0, 2), tmp_path / "p/bare.png"
    dated.save(bare)
    dated.resize([round(0.95 * side) for side in dated.size]).save(
        folder / "dated.jpg", quality=95, exif=taken
    )
    index_folders([folder], tmp_path / "store", HERE)
    found = rows(tmp_path / "store")
    assert [("edited.png", "same", "no", "original.jpg")] in [group[1:] for group in found]
    assert [("dated.jpg", "same", "look", "bare.png")] in [group[1:] for group in found]


def test_a_trash_folder_never_holds_the_file_to_keep(tmp_path: Path) -> None:
    trash = "$RECYCLE.BIN/x.jpg"
    write(tmp_path / "p", {trash: 1, "z.jpg": 1})
    index_folders([tmp_path / "p"], tmp_path / "store", replace(HERE, take=("trash",)))
    for rules in (None, KeepRules.parse("in:$RECYCLE.BIN")):
        found = rows(tmp_path / "store", rules)
        assert found == [[("z.jpg", "kept", "yes", "z.jpg"), (trash, "copy", "no", "z.jpg")]]


@pytest.mark.parametrize("count", [1, 2])
def test_a_store_without_duplicates(tmp_path: Path, count: int) -> None:
    write(tmp_path / "p", {f"{number}.jpg": number for number in range(count)})
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert find_duplicates(store, workers=0) == Duplicates()


def altered(folder: Path) -> None:
    """Write pictures, re-encoded, resized, mirrored and cropped ones, some of them twice."""
    for number in range(6):
        whole = render_sample(0, number).resize((320, 320))
        forms = {
            "a/whole": whole,
            "b/half": whole.resize((200, 200)),
            "c/mirrored": ImageOps.mirror(whole),
            "d/cropped": whole.crop((25, 30, 320, 300)),
        }
        for name, image in forms.items():
            path = folder / f"{name} {number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path, quality=90)
        whole.save(folder / f"a/again {number}.png")
    for number in (1, 3):
        for name in ("b/half", "c/mirrored"):
            shutil.copy2(folder / f"{name} {number}.jpg", folder / f"d/{name[2:]} {number}.jpg")
    for path in folder.rglob("*.*"):
        os.utime(path, (10**9, 10**9))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("altered") / "p"
    altered(folder)
    return folder


@pytest.fixture(scope="module")
def store(photos: Path) -> Path:
    path = photos.parent / "store"
    index_folders([photos], path, HERE)
    return path


def test_what_is_the_same_may_go_and_what_is_altered_is_looked_at(
    photos: Path, store: Path
) -> None:
    groups = rows(store)
    assert [group[0][0] for group in groups] == [f"a/again {number}.png" for number in range(6)]
    kinds = {Verdict.SAME: "same", Verdict.SIMILAR: "similar"}
    originals = "a/whole", "b/half", "c/mirrored", "d/cropped"
    for group, number in zip(groups, range(6), strict=True):
        kept = f"a/again {number}.png"
        found = {path: (kind, keep, same_as) for path, kind, keep, same_as in group}
        assert found.pop(kept) == ("kept", "yes", kept)
        for path, decided in found.items():
            # No other picture is in the group.
            assert path.rpartition(".")[0].endswith(str(number))
            name = path.partition("/")[2].partition(" ")[0]
            original = next(folder for folder in originals if folder.endswith(name))
            pair = [(photos / name).read_bytes() for name in (kept, path)]
            kind = kinds[compare_files(*pair).verdict]
            assert kind == "similar" or name in ("whole", "half")
            if kind == "same":
                assert decided == ("same", "no", kept)
            elif path.startswith(original):
                assert decided == ("similar", "look", path)
            else:
                assert decided == ("copy", "no", f"{original} {number}.jpg")
        assert len(found) == (6 if number in (1, 3) else 4)
        assert found[f"a/whole {number}.jpg"][0] == "same"


def table(path: Path, text: str = "largest,oldest") -> list[list[tuple[object, ...]]]:
    """Return all that is known of the members of the groups, but their ids."""
    with Store.open(path) as store:
        found = find_duplicates(store, KeepRules.parse(text), workers=0)
        names = {e.id: e.path for e in store.catalog.entries(store.catalog.ids("ok"))}
    return [
        [(names[m.id], m.kind, m.keep, names[m.same_as], m.comparison) for m in group.members]
        for group in found.groups
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_stores_of_one_folder_have_one_table_whatever_their_ids(
    photos: Path, store: Path, tmp_path: Path, seed: int
) -> None:
    # Pictures that arrive one after the other get other ids than those of one scan.
    files = sorted(path for path in photos.rglob("*.*"))
    random.Random(seed).shuffle(files)
    arriving, path = tmp_path / "p", tmp_path / "store"
    for start in range(0, len(files), 9):
        for file in files[start : start + 9]:
            there = arriving / file.relative_to(photos)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, there)
        index_folders([arriving], path, HERE)
    with Store.open(store) as one, Store.open(path) as other:
        ids = [
            {e.path: e.id for e in opened.catalog.entries(opened.catalog.ids("ok"))}
            for opened in (one, other)
        ]
    assert ids[0].keys() == ids[1].keys() and ids[0] != ids[1]
    for text in ("largest,oldest", "in:d,newest"):
        assert table(store, text) == table(path, text)


def test_a_second_call_reads_no_file_and_another_rule_only_what_it_asks_for(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = table(store)
    monkeypatch.setattr("imgrec.duplicates.file_stage.compare_files", None)
    monkeypatch.setattr("imgrec.duplicates.decisions.deserving_by_block", _none_left)
    assert table(store) == first


def _none_left(pairs: np.ndarray, *_: object) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    assert not len(pairs)
    yield from ()


def test_what_the_store_knows_is_found_without_reading_files(store: Path, tmp_path: Path) -> None:
    expected = table(store)
    path = tmp_path / "store"
    shutil.copytree(store, path)
    with Store.open(path) as opened, monkey_sources():
        found = known_duplicates(opened)
    assert [[m.kind for m in group.members] for group in found.groups] == [
        [row[1] for row in group] for group in expected
    ]
    shutil.rmtree(path / "verdicts")
    with Store.open(path) as opened:
        kinds = [[m.kind for m in group.members] for group in known_duplicates(opened).groups]
    assert kinds == [["kept", "copy"]] * 4


@contextmanager
def monkey_sources() -> Iterator[None]:
    """Make every access to a source of pictures an error."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read", "find", "file_identity"):
            patch.setattr(f"imgrec.sources.folder.FolderSource.{name}", None)
        yield


def test_files_that_are_gone_or_changed_are_no_reason_to_delete_others(
    photos: Path, store: Path, tmp_path: Path
) -> None:
    expected = rows(store)
    folder, path = tmp_path / "p", tmp_path / "store"
    shutil.copytree(photos, folder)
    index_folders([folder], path, HERE)
    (folder / "a/again 0.png").unlink()
    (folder / "a/again 1.png").write_bytes(b"another picture")
    found = rows(path)
    for gone in ("a/again 0.png", "a/again 1.png"):
        group = next(g for g in found if any(row[0] == gone for row in g))
        assert all(row[3] != gone for row in group if row[2] == "no")
        assert next(row for row in group if row[0] == gone)[1:3] == ("similar", "look")
        assert group[0][0] != gone
    assert [g for g in found if g[0][0][-5] in "2345"] == expected[2:]
    # What could not be read was not kept as a verdict.
    index_folders([folder], path, HERE)
    assert all(row[0] != "a/again 0.png" for group in rows(path) for row in group)


def test_an_interrupted_run_keeps_what_it_decided(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = table(store)
    path = tmp_path / "store"
    shutil.copytree(store, path, ignore=shutil.ignore_patterns("verdicts"))
    compare, seen = imgrec.duplicates.file_stage.compare_files, []

    def interrupted(one: bytes, other: bytes) -> Comparison:
        if len(seen) == 5:
            raise KeyboardInterrupt
        seen.append(one)
        return compare(one, other)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("imgrec.duplicates.file_stage.compare_files", interrupted)
        table(path)
    assert len(load_verdicts(path / "verdicts").compared) == 5
    with monkeypatch.context() as patch:
        patch.setattr("imgrec.duplicates.decisions.deserving_by_block", _few_left)
        assert table(path) == expected


def _few_left(pairs: np.ndarray, *rest: object) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    assert len(pairs)
    yield from deserving_by_block(pairs, *rest)  # type: ignore[arg-type]


def test_a_read_only_store_has_the_same_duplicates(store: Path, tmp_path: Path) -> None:
    expected = table(store)
    path = tmp_path / "store"
    shutil.copytree(store, path, ignore=shutil.ignore_patterns("verdicts", "knn", "*-wal", "*-shm"))
    with nothing_can_be_written(path):
        assert table(path) == expected
    assert not (path / "verdicts").exists()


def test_duplicates_are_labeled(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "store"
    shutil.copytree(store, path)
    with Store.open(path) as opened:
        found = find_duplicates(opened, workers=0)
        assert keep_duplicate_labels(opened, found) == []
        for kind, wanted in ((DUPLICATES, found.labels()), (SIMILAR, found.similar_labels())):
            assert opened.catalog.labels.of_kind(kind) == wanted
            assert wanted


def test_what_the_store_knows_counts_links_as_the_files_do(tmp_path: Path) -> None:
    write(tmp_path / "p", {"a.jpg": 1, "b.jpg": 1, "c.jpg": 2})
    (tmp_path / "p" / "link of a.jpg").hardlink_to(tmp_path / "p" / "a.jpg")
    (tmp_path / "p" / "link of b.jpg").hardlink_to(tmp_path / "p" / "b.jpg")
    index_folders([tmp_path / "p"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        found = find_duplicates(store, workers=0)
        assert known_duplicates(store) == found
    assert sorted(member.kind for member in found.members()) == ["copy", "kept", "link", "link"]
