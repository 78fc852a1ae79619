"""Tar files as folders of pictures, on the disk and in a bucket: lists, reads, versions, runs."""

import io
import tarfile
from pathlib import Path

import pytest

from imgrec import Options, PictureError, Recommender, Store, index_folders
from imgrec.errors import ImgrecError
from imgrec.objects.errors import ObjectError
from imgrec.objects.objects import Objects
from imgrec.objects.opening import objects_at
from imgrec.sources import tar_indexes, tar_shards
from imgrec.sources.opening import locations_of, picture_at, source_at, source_of
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listing, PictureSource
from imgrec.sources.tar_places import split_at_tar
from imgrec.sources.tar_shards import TarShards
from pictures import encoded, picture
from stores import HERE, contents

PLACES = ("disk", "bucket")


class Shards:
    """Tar files at a place, and how a user names that."""

    def __init__(self, folder: Path | None, objects: Objects | None) -> None:
        self.folder, self.objects = folder, objects
        self.place = objects.location() if objects else str(folder)
        self.whole = f"tar+{self.place}" if objects else f"tar://{self.place}"

    def put(self, name: str, data: bytes) -> None:
        if self.objects:
            self.objects.put(name, data)
        elif self.folder:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(data)


@pytest.fixture(params=PLACES)
def shards(request: pytest.FixtureRequest, tmp_path: Path) -> Shards:
    if request.param == "bucket":
        return Shards(None, objects_at(f"s3://{request.getfixturevalue('bucket')}/a b"))
    (tmp_path / "shards").mkdir()
    return Shards(tmp_path / "shards", None)


def tar_of(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_600_000_000
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


def jpeg(family: str, seed: int) -> bytes:
    return encoded(picture(family, seed), "JPEG")


def listed(source: PictureSource, rules: Rules | None = None) -> list[str]:
    return sorted(each.path for each in source.pictures(Listing(rules or Rules())))


def test_members_are_listed_found_and_read(shards: Shards) -> None:
    files = {
        "b/2.jpg": b"two",
        "1.jpg": b"one",
        "1.json": b"{}",
        "1.cls": b"7",
        "empty.png": b"",
        "a b/ü#?.jpg": b"odd",
        ".hidden.jpg": b"no",
    }
    shards.put("000.tar", tar_of(files))
    for place in (f"{shards.place}/000.tar", f"{shards.whole}/000.tar"):
        source = source_at(place)
        assert source.description == f"{shards.whole}/000.tar"
        found = Listing()
        each = list(source.pictures(found))
        assert sorted(one.path for one in each) == sorted(
            ["b/2.jpg", "1.jpg", "empty.png", "a b/ü#?.jpg"]
        )
        assert (found.files, found.others, found.skipped_files["hidden"]) == (4, 2, 1)
        assert [source.find(one.path) for one in each] == each
        assert all(one.mtime_ns == 1_600_000_000 * 10**9 for one in each)
        assert len({one.token for one in each}) == len(each)
        assert source.read("b/2.jpg") == b"two"
        assert source.read("b/2.jpg", head=2) == b"tw"
        assert source_of(source.location("b")).read("2.jpg") == b"two"
        assert listed(source_of(source.location("b"))) == ["2.jpg"]
        assert source.find("none.jpg") is None
        parent, name = picture_at(f"{place}/a b/ü#?.jpg")
        assert parent.location(name) == source.location("a b/ü#?.jpg")
        assert parent.read(name) == b"odd"
        assert locations_of(f"{place}/b/")[0].rstrip("/") == source.location("b")
        for path, reason in [("none.jpg", "unreadable"), ("empty.png", "empty")]:
            with pytest.raises(PictureError) as error:
                source.read(path)
            assert error.value.reason == reason


def test_all_tar_files_below_a_place(shards: Shards) -> None:
    shards.put("000.tar", tar_of({"1.jpg": b"1"}))
    shards.put("deep/001.tar", tar_of({"1.jpg": b"2", "x/2.jpg": b"3"}))
    shards.put("deep-er/.002.tar", tar_of({"1.jpg": b"4"}))
    shards.put("loose.jpg", b"no member")
    source = source_at(shards.whole)
    expected = ["000.tar/1.jpg", "deep/001.tar/1.jpg", "deep/001.tar/x/2.jpg"]
    assert listed(source) == expected
    assert [source.read(path) for path in expected] == [b"1", b"2", b"3"]
    assert listed(source, Rules(exclude=("deep",))) == expected[:1]
    assert listed(source, Rules(exclude=("deep/001.tar/x",))) == expected[:2]
    found = Listing(Rules(exclude=("001.tar",)))
    assert [each.path for each in source.pictures(found)] == expected[:1]
    assert (found.skipped_folders["excluded"], found.skipped_folders["hidden"]) == (1, 1)
    with pytest.raises(ImgrecError, match=r"pictures in the \.tar files there: name tar"):
        (shards.folder / "loose.jpg").unlink() if shards.folder else shards.put("loose.jpg", b"")
        if shards.objects:
            shards.objects.delete("loose.jpg")
        source_at(shards.place).check()


def test_names_that_lead_out_are_not_listed(shards: Shards) -> None:
    names = ["../up.jpg", "/etc/abs.jpg", "a/../b.jpg", "a//c.jpg", "./fine.jpg", "x/./y.jpg"]
    shards.put("000.tar", tar_of(dict.fromkeys(names, b"1")))
    found = Listing()
    source = source_at(f"{shards.place}/000.tar")
    assert [each.path for each in source.pictures(found)] == ["fine.jpg"]
    assert found.others == 5
    assert source.find("/etc/abs.jpg") is None
    for path in ("../up.jpg", "a/../b.jpg", "../000.tar/fine.jpg"):
        with pytest.raises(PictureError, match="in no tar file"):
            source.read(path)


def test_of_two_members_of_one_name_the_later_one_counts(shards: Shards) -> None:
    one, two = tar_of({"a.jpg": b"one"}), tar_of({"a.jpg": b"later"})
    shards.put("000.tar", one[:1024] + two)
    source = source_at(f"{shards.place}/000.tar")
    assert listed(source) == ["a.jpg"]
    assert source.read("a.jpg") == b"later"


def test_a_damaged_tar_file_is_one_line_and_hides_no_other(shards: Shards) -> None:
    whole = tar_of({"1.jpg": bytes(3000), "2.jpg": b"2"})
    shards.put("000.tar", whole[:2000])
    shards.put("001.tar", whole)
    source = source_at(shards.whole)
    found = Listing()
    assert [each.path for each in source.pictures(found)] == ["001.tar/1.jpg", "001.tar/2.jpg"]
    assert found.unreadable == ["000.tar"]
    with pytest.raises(
        ImgrecError, match=r"000\.tar is no sound tar file: it ends at.*: make it again$"
    ) as error:
        source_at(f"{shards.place}/000.tar").check()
    assert "\n" not in str(error.value)


def test_only_a_damaged_file_is_to_be_made_again(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects_at(f"s3://{bucket}").put("000.tar", tar_of({"1.jpg": b"one"}))
    source = source_at(f"s3://{bucket}/000.tar")

    def lost(*_: object, **__: object) -> bytes:
        raise ObjectError("it does not answer")

    monkeypatch.setattr(Objects, "get_range", lost)
    with pytest.raises(ImgrecError, match=r"it does not answer$"):
        source.check()


def test_a_tar_file_written_anew_is_noticed(shards: Shards) -> None:
    shards.put("000.tar", tar_of({"1.jpg": b"one", "2.jpg": b"two"}))
    source = source_at(f"{shards.place}/000.tar")
    before = list(source.pictures(Listing()))
    assert source.read("2.jpg") == b"two"
    shards.put("000.tar", tar_of({"0.jpg": bytes(2000), "2.jpg": b"new"}))
    assert source.read("2.jpg") == b"new"
    after = list(source.pictures(Listing()))
    assert [each.path for each in after] == ["0.jpg", "2.jpg"]
    assert after[1].token != before[1].token
    with pytest.raises(PictureError):
        source.read("1.jpg")


def test_what_is_not_there_is_offline(shards: Shards) -> None:
    shards.put("empty/notes.txt", b"")
    for place in (f"{shards.whole}/none.tar", f"{shards.whole}/none", f"{shards.whole}/empty"):
        source = source_of(place)
        assert source.why_offline()
        with pytest.raises(ImgrecError, match="tar file"):
            source.check()
    assert source_of(f"{shards.whole}/none.tar").identity() is None


def test_a_run_on_tar_files_gives_what_the_folder_gives(
    shards: Shards, photos: Path, photo_store: Path, tmp_path: Path
) -> None:
    files = {
        file.relative_to(photos).as_posix(): file.read_bytes()
        for file in sorted(photos.rglob("*"))
        if file.is_file()
    }
    shards.put("photos.tar", tar_of(files))
    store = tmp_path / "store"
    summary = index_folders([f"{shards.place}/photos.tar"], store, Options(("mini",), workers=2))
    assert summary.done == 24
    assert contents(store) == contents(photo_store)
    assert index_folders([], store, HERE).done == 0
    asked = f"{shards.place}/photos.tar/{next(name for name in files if name.endswith('.jpg'))}"
    with Recommender.open(store, cache="none") as recommender:
        assert len(recommender.query([asked], k=3).results) == 3
    # Written anew in another order: each is read again, and has its row as before.
    shards.put("photos.tar", tar_of(dict(reversed(files.items()))))
    again = index_folders([], store, HERE)
    assert (again.new, again.changed, again.gone) == (0, 0, 0)
    assert contents(store) == contents(photo_store)


def test_the_table_of_a_remote_file_is_made_once(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = objects_at(f"s3://{bucket}")
    objects.put("000.tar", tar_of({f"{number:03}.jpg": bytes(900) for number in range(300)}))
    made: list[str] = []
    whole = tar_indexes._made

    def noted(shard: tar_indexes.Shard, version: tar_indexes.Version) -> tar_indexes.TarIndex:
        made.append(shard.place)
        return whole(shard, version)

    monkeypatch.setattr(tar_indexes, "_made", noted)
    source = source_at(f"s3://{bucket}/000.tar")
    first = list(source.pictures(Listing()))
    tar_indexes._kept.cache_clear()  # as another process
    assert list(source.pictures(Listing())) == first
    assert made == [f"s3://{bucket}/000.tar"]
    # A damaged table is made again.
    tar_indexes._kept.cache_clear()
    for file in tar_indexes._cache_folder().iterdir():
        file.write_text('{"links":0,"others":0,"members":[["../x",0,1,2]]}')
    assert list(source.pictures(Listing())) == first
    assert len(made) == 2


def test_a_read_of_a_remote_member_is_one_request(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects_at(f"s3://{bucket}").put("000.tar", tar_of({"1.jpg": b"one", "2.jpg": b"two"}))
    monkeypatch.setattr(tar_shards, "_known", {})
    source = source_at(f"s3://{bucket}/000.tar")
    assert isinstance(source, TarShards)
    assert source.read("1.jpg") == b"one"
    traffic = objects_of(source).traffic
    before = traffic.reads
    assert source.read("2.jpg") == b"two"
    assert traffic.reads == before + 1


def objects_of(source: TarShards) -> Objects:
    from imgrec.sources.shards import ObjectShard

    return ObjectShard(source.description.removeprefix("tar+"))._objects()[0]


def test_a_folder_named_tar_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "photos.tar"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(jpeg("discs", 1))
    index_folders([folder], tmp_path / "s", HERE)
    with Store.open(tmp_path / "s") as store:
        assert list(store.catalog.roots()) == [str(folder)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/a/b.tar", ("/a/b.tar", "")),
        ("/a/b.tar/c/d.jpg", ("/a/b.tar", "c/d.jpg")),
        ("/a/b.TAR/c.tar/d.jpg", ("/a/b.TAR", "c.tar/d.jpg")),
        ("/a/b", None),
        ("/a/tar/b.jpg", None),
    ],
)
def test_where_a_place_is_split(place: str, expected: tuple[str, str] | None) -> None:
    assert split_at_tar(place) == expected
