"""The picture source protocol: a program run on an in-memory source gives what a folder gives."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graph.picture_facts
from imgrec import PictureError, Recommender, Store, index_folders
from imgrec.catalog import main as catalog_main
from imgrec.collection.filters import Filter
from imgrec.errors import ImgrecError, StoreError
from imgrec.objects.opening import objects_at
from imgrec.search.grid import answer_grid
from imgrec.sources import opening
from imgrec.sources.folder import FolderSource
from imgrec.sources.opening import picture_at, source_at, source_of
from imgrec.sources.source import Listing, PictureSource
from imgrec.store.relocate import relocate
from memory_source import BUCKETS, SCHEME, Bucket, MemorySource
from pictures import encoded, picture
from stores import HERE, contents

BUCKET = f"{SCHEME}://photos"
ROWS = "SELECT id, path, size, mtime_ns, digest, width, height, format, status, reason FROM images"


class Twins:
    """The same pictures in a folder and in memory, and a store of each."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "photos"
        self.bucket = BUCKETS[BUCKET.rpartition("/")[2]] = Bucket()
        self.stores = tmp_path / "store of folder", tmp_path / "store of memory"
        self.roots = str(self.folder), BUCKET

    def put(self, path: str, data: bytes, mtime_ns: int = 10**18) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, ns=(mtime_ns, mtime_ns))
        self.bucket.put(path, data, mtime_ns)

    def move(self, old: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)
        self.bucket.move(old, new)

    def drop(self, path: str) -> None:
        (self.folder / path).unlink()
        del self.bucket.objects[path]

    def index(self) -> tuple[int, ...]:
        """Index both; assert that the runs did the same, and return what they did."""
        told = []
        for root, store in zip(self.roots, self.stores, strict=True):
            s = index_folders([root], store, HERE)
            told.append((s.done, s.new, s.changed, s.moved, s.gone, *s.counts.values()))
        assert told[0] == told[1]
        return told[0]

    def check_same(self) -> None:
        """Compare rows with sizes and times, labels, thumbnails, vectors and answers."""
        of_folder, of_memory = map(contents, self.stores)
        assert of_folder == of_memory
        rows = []
        for store in self.stores:
            with Store.open(store) as opened:
                rows.append(opened.catalog.db.execute(ROWS + " ORDER BY id").fetchall())
        assert rows[0] == rows[1] and rows[0]
        assert len(self.answers("discs/0.jpg")) == 4

    def answers(self, path: str) -> list[Any]:
        """Query both by a location; assert that the answers are equal, and return one."""
        told = []
        for root, store in zip(self.roots, self.stores, strict=True):
            with Recommender.open(store, cache="none") as recommender:
                found = recommender.query([f"{root}/{path}"], k=4)
                told.append([(r.id, r.path, r.distance, r.labels) for r in found.results])
        assert told[0] == told[1]
        return told[0]


@pytest.fixture
def twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Twins:
    kinds = {**opening.KINDS, SCHEME: MemorySource}
    monkeypatch.setattr(opening, "KINDS", kinds)
    both = Twins(tmp_path)
    for family in ("discs", "stripes"):
        for seed in range(3):
            both.put(f"{family}/{seed}.jpg", encoded(picture(family, seed), "JPEG"))
    both.put("top.jpg", encoded(picture("checks", 7), "JPEG"))
    both.put("empty.jpg", b"")
    both.put("words.jpg", b"these are words")
    both.put("notes.txt", b"no picture")
    return both


def test_a_first_run_and_a_second(twins: Twins) -> None:
    assert twins.index() == (9, 9, 0, 0, 0, 0, 7, 2, 0, 0)
    twins.check_same()
    assert twins.index()[:5] == (0, 0, 0, 0, 0)
    with Store.open(twins.stores[1]) as store:
        assert store.catalog.totals.failures() == {"empty": 1, "not-an-image": 1}
        assert list(store.catalog.roots()) == [BUCKET]


def test_changed_moved_removed_touched_and_restored_pictures(twins: Twins) -> None:
    twins.index()
    moved = twins.bucket.objects["discs/1.jpg"]
    twins.move("discs/1.jpg", "elsewhere/deep/renamed.jpg")
    twins.put("discs/2.jpg", encoded(picture("checks", 50), "JPEG"), 10**18 + 1)
    twins.put("stripes/1.jpg", twins.bucket.objects["stripes/1.jpg"], 10**18 + 2)
    data = twins.bucket.objects["stripes/2.jpg"]
    twins.drop("stripes/2.jpg")
    done, new, changed, renamed, gone, *_ = twins.index()
    assert (done, new, changed, renamed, gone) == (1, 1, 1, 1, 1)
    twins.check_same()
    twins.put("stripes/2.jpg", data)
    assert twins.index()[:5] == (0, 0, 0, 0, 0)
    twins.check_same()
    with Store.open(twins.stores[1]) as store:
        entry = store.catalog.find_path("elsewhere/deep/renamed.jpg")
        assert entry and source_of(entry.root).read(entry.path) == moved
        assert store.catalog.labels.of([entry.id])[entry.id]["folder"] == "deep"


def test_the_version_token_shows_a_change_at_equal_size_and_time(twins: Twins) -> None:
    twins.index()
    store = twins.stores[1]
    with Store.open(store) as opened:
        before = opened.catalog.find_path("discs/0.jpg")
    data = twins.bucket.objects["discs/0.jpg"]
    other = encoded(picture("stripes", 60), "JPEG")
    # Bytes behind the end of a JPEG are ignored.
    other = other[: len(data)].ljust(len(data), b"\0")
    twins.bucket.put("discs/0.jpg", other, 10**18)
    assert len(other) == len(data)
    summary = index_folders([], store, HERE)
    assert (summary.changed, summary.done) == (1, 1)
    with Store.open(store) as opened:
        ids = opened.catalog.ids("missing").tolist()
        assert before is not None and ids == [before.id]
    # The new token was saved, so the picture is not read again.
    assert index_folders([], store, HERE).done == 0


def test_a_query_by_location_compares_the_version_token(twins: Twins) -> None:
    twins.index()
    # A picture not in the catalog is read and encoded; a copy is recognized by its content.
    twins.put("late.jpg", encoded(picture("discs", 70), "JPEG"))
    assert twins.answers("late.jpg")
    twins.put("copy.jpg", twins.bucket.objects["discs/0.jpg"])
    assert twins.answers("copy.jpg") == twins.answers("discs/0.jpg")
    # A picture changed since indexing is not answered by the old vector.
    old = twins.answers("stripes/0.jpg")
    twins.put("stripes/0.jpg", encoded(picture("checks", 71), "JPEG"), 10**18 + 5)
    assert twins.answers("stripes/0.jpg") != old
    with (
        Recommender.open(twins.stores[1], cache="none") as recommender,
        pytest.raises(ImgrecError, match=f"no picture at {BUCKET}/absent.jpg"),
    ):
        recommender.query([f"{BUCKET}/absent.jpg"])


def test_filters_grid_failures_and_links_of_pages(
    twins: Twins, capsys: pytest.CaptureFixture[str]
) -> None:
    twins.index()
    found, grids = [], []
    for root, path in zip(twins.roots, twins.stores, strict=True):
        with Store.open(path) as store, Recommender.open(path, cache="none") as recommender:
            under = [Filter(under=(f"{root}{folder}",)) for folder in ("", "/discs", "/discs/")]
            found.append([each.ids(store.catalog).tolist() for each in under])
            answer = recommender.query([f"{root}/discs/0.jpg"], k=3, under=[f"{root}/stripes"])
            answer.queries[:] = [f"{root}/discs/0.jpg"]
            grids.append(np.asarray(answer_grid(store, answer))[:, :, 0].mean())
            (entry,) = store.catalog.entries([int(store.catalog.ids("ok")[0])])
            page = graph.picture_facts.describe(entry, {}, twins.folder)
            assert page["href"] == (entry.path if root == str(twins.folder) else None)
        assert catalog_main(["--store", str(path), "--failed"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines == [
            f"empty\t{root}/empty.jpg\t0 bytes",
            f"not-an-image\t{root}/words.jpg\tbegins with b'these ar'",
        ]
    assert found[0] == found[1] and len(found[0][0]) == 7 and len(found[0][1]) == 3
    # The grids differ in the name of the query that is drawn on them.
    assert abs(grids[0] - grids[1]) < 1


def test_an_offline_source_keeps_its_pictures(twins: Twins) -> None:
    twins.index()
    before = contents(twins.stores[1])
    del BUCKETS[BUCKET.rpartition("/")[2]]
    summary = index_folders([], twins.stores[1], HERE)
    assert summary.warnings == [f"{BUCKET} holds nothing: its pictures stay as they are"]
    assert contents(twins.stores[1]) == before
    assert catalog_main(["--store", str(twins.stores[1]), "--json"]) == 0


def test_relocation_to_another_path_and_to_another_kind_of_source(twins: Twins) -> None:
    twins.index()
    store, before = twins.stores[1], contents(twins.stores[1])
    BUCKETS["moved"] = Bucket()
    for name, data in twins.bucket.objects.items():
        BUCKETS["moved"].put(f"below/{name}", data, 10**18)
    with pytest.raises(StoreError, match="does not hold the pictures"):
        relocate(store, BUCKET, f"{SCHEME}://moved/wrong")
    (moved,) = relocate(store, BUCKET, f"{SCHEME}://moved/below")
    assert (moved.found, moved.new) == (9, f"{SCHEME}://moved/below")
    assert index_folders([], store, HERE).done == 0
    relocate(store, f"{SCHEME}://moved/below", twins.folder)
    assert contents(store) == before
    with Store.open(store) as opened:
        assert list(opened.catalog.roots()) == [str(twins.folder)]


@pytest.fixture(params=["folder", "memory", "bucket"])
def source(twins: Twins, request: pytest.FixtureRequest) -> PictureSource:
    if request.param == "bucket":
        address = f"s3://{request.getfixturevalue('bucket')}/a prefix"
        objects = objects_at(address)
        for path, data in twins.bucket.objects.items():
            objects.put(path, data)
        return source_at(f"{address}/")
    return source_at(twins.roots[request.param == "memory"])


class TestEverySource:
    """The contract of the protocol, for each implementation."""

    def test_is_rebuilt_from_its_description(self, source: PictureSource) -> None:
        again = source_of(source.description)
        assert list(again.pictures(Listing())) == list(source.pictures(Listing()))
        assert source.location() == source.description
        assert source_of(source.location("discs")).description == f"{source.description}/discs"

    def test_lists_each_picture_once_and_finds_the_same(self, source: PictureSource) -> None:
        found = Listing()
        listed = list(source.pictures(found))
        assert len({each.path for each in listed}) == len(listed) == found.files == 9
        assert found.others == 1
        assert [source.find(each.path) for each in listed] == listed
        assert source.find("discs/absent.jpg") is None
        for each in listed:
            if each.size:
                assert len(source.read(each.path)) == each.size
                assert source.read(each.path, head=5) == source.read(each.path)[:5]

    def test_locations_and_paths_are_inverse(self, source: PictureSource) -> None:
        for path in ("", "top.jpg", "discs/0.jpg", "a b/ü#?.jpg"):
            assert source.path_of(source.location(path)) == path
        assert source.path_of(source.description + "x/a.jpg") is None
        parent, name = picture_at(source.location("discs/0.jpg"))
        assert (parent.location(name), name) == (source.location("discs/0.jpg"), "0.jpg")

    @pytest.mark.parametrize(
        ("path", "reason"), [("absent.jpg", "unreadable"), ("empty.jpg", "empty")]
    )
    def test_pictures_that_cannot_be_read_have_a_reason(
        self, source: PictureSource, path: str, reason: str
    ) -> None:
        with pytest.raises(PictureError) as caught:
            source.read(path)
        assert caught.value.reason == reason

    def test_two_files_have_no_identity_in_common(self, source: PictureSource) -> None:
        paths = [each.path for each in source.pictures(Listing())]
        found = [source.file_identity(path) for path in paths]
        known = [identity for identity in found if identity is not None]
        assert len(known) == len(set(known)) in (0, len(paths))
        assert found == [source.file_identity(path) for path in paths]
        assert source.file_identity("discs/absent.jpg") is None

    def test_a_removed_source_is_offline(self, source: PictureSource) -> None:
        assert source.why_offline() is None and source.identity() is not None
        source.check()
        gone = source_of(source.description + "-gone")
        assert gone.identity() is None
        assert gone.why_offline()
        with pytest.raises(ImgrecError):
            gone.check()


def test_an_unknown_scheme_is_a_folder_name(tmp_path: Path) -> None:
    assert isinstance(source_at("s4://bucket"), FolderSource)
    assert source_at(tmp_path).description == str(tmp_path.resolve())


@pytest.mark.parametrize("name", ["loop", "a\0b"])
def test_an_invalid_folder_name_is_a_one_line_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ImgrecError, match=r"is not a folder") as caught:
        source_at(tmp_path / name).check()
    assert "\n" not in str(caught.value)
