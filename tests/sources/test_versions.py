"""File times beyond the range of the catalog, entries that cannot be looked at, odd names."""

import os
import sys
from pathlib import Path

import pytest

from imgrec import Options, Recommender, Store, index_folders
from imgrec.collection.outcomes import forget_times
from imgrec.errors import PictureError
from imgrec.reporting.facts.catalog import Files
from imgrec.sources import folder_entries
from imgrec.sources.folder import FolderSource
from imgrec.sources.source import Listed, Listing
from imgrec.sources.versions import LEAST_NS, MOST_NS, listed_at
from pictures import encoded, picture

MINI = Options(encoders=("mini",), workers=0)
# In the years 2446 (the last of ext4) and 2300, in seconds.
IN_2446, IN_2300 = 15_032_385_535, 10_413_792_000


def _state(mtime_ns: int, size: int = 7) -> os.stat_result:
    """Return the state of a file with a time that the disk of the test may not be able to hold."""
    times = {"st_mtime_ns": mtime_ns, "st_ctime_ns": 0xC71E}
    return os.stat_result((0o100644, 0x10DE, *[0] * 4, size, 0, 0, 0), times)


@pytest.mark.parametrize(
    ("time_ns", "kept", "token"),
    [
        (0, 0, ""),
        (-1, -1, ""),
        (1_600_000_000_123_456_789, 1_600_000_000_123_456_789, ""),
        (2**63 - 1, MOST_NS, ""),
        (2**63, MOST_NS, "mtime 9223372036854775808"),
        (2**63 * 10**9, MOST_NS, "mtime 9223372036854775808000000000"),
        (-(2**63) + 1, LEAST_NS, ""),
        (-(2**63), LEAST_NS, "mtime -9223372036854775808"),
        (-(2**80), LEAST_NS, "mtime -1208925819614629174706176"),
    ],
)
def test_every_time_fits_the_catalog_and_differs_from_every_other(
    time_ns: int, kept: int, token: str
) -> None:
    inode = "0" if sys.platform == "win32" else "10de"
    whole = f"{token}~c71e.{inode}"
    assert listed_at("a.jpg", _state(time_ns)) == Listed("a.jpg", 7, kept, whole)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Write three pictures, two of them with times of the far future."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bmp").write_bytes(encoded(picture("discs", number), "BMP"))
    os.utime(folder / "0.bmp", (IN_2446, IN_2446))
    os.utime(folder / "1.bmp", (-1, -1))
    if (folder / "0.bmp").stat().st_mtime_ns != IN_2446 * 10**9:
        pytest.skip("this disk holds no times of the year 2446")
    return folder


def test_a_file_of_the_year_2446_is_indexed_kept_queried_and_noticed(photos: Path) -> None:
    store_path = photos.parent / "store"
    assert index_folders([photos], store_path, MINI).done == 3
    assert index_folders([], store_path, MINI).done == 0
    with Recommender.open(store_path, cache="none") as recommender:
        # The stored vector is taken only if the file is known by its version.
        for number in range(3):
            answer = recommender.query([photos / f"{number}.bmp"], k=2)
            assert {result.path for result in answer.results} == (
                {f"{n}.bmp" for n in range(3)} - {f"{number}.bmp"}
            )
        times = Files.of(recommender.store.catalog).mtimes_ns
        assert times[:2].tolist() == [MOST_NS, -(10**9)]
        assert Files.of(recommender.store.catalog).years() == ()
    # Another content of the same size, at another time of which only the token tells.
    (photos / "0.bmp").write_bytes(encoded(picture("discs", 9), "BMP"))
    os.utime(photos / "0.bmp", (IN_2300, IN_2300))
    summary = index_folders([], store_path, MINI)
    assert (summary.changed, summary.done) == (1, 1)


def test_a_picture_last_changed_a_nanosecond_before_1970_is_compared_when_it_changed(
    photos: Path,
) -> None:
    os.utime(photos / "1.bmp", ns=(-1, -1))
    store_path = photos.parent / "store"
    index_folders([photos], store_path, MINI)
    with Store.create(store_path) as store:
        forget_times(store.catalog, [2])
        (entry,) = store.catalog.entries([2])
        assert entry.mtime_ns < LEAST_NS
    (photos / "1.bmp").write_bytes(encoded(picture("discs", 9), "BMP"))
    os.utime(photos / "1.bmp", ns=(-1, -1))
    assert index_folders([], store_path, MINI).changed == 1


def test_one_entry_that_cannot_be_looked_at_hides_no_other(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_path = photos.parent / "store"
    index_folders([photos], store_path, MINI)
    (photos / "3.bmp").write_bytes(encoded(picture("discs", 3), "BMP"))
    whole = folder_entries.listed_at

    def damaged(path: str, state: os.stat_result) -> Listed:
        if path == "1.bmp":
            raise OSError(5, "Input/output error")
        return whole(path, state)

    monkeypatch.setattr(folder_entries, "listed_at", damaged)
    found = Listing()
    listed = [file.path for file in FolderSource(str(photos)).pictures(found)]
    assert (listed, found.unreadable) == (["0.bmp", "2.bmp", "3.bmp"], ["1.bmp"])
    summary = index_folders([], store_path, MINI)
    assert (summary.new, summary.gone, summary.counts["ok"]) == (1, 0, 4)
    assert summary.warnings == [f"{photos}/1.bmp cannot be listed: its pictures stay as they are"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX names and file types")
def test_what_is_no_file_is_named_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    source = FolderSource(str(tmp_path))
    for name, what in (("pipe", "a named pipe"), ("folder", "a folder"), ("device", "a device")):
        with pytest.raises(PictureError, match=f"^it is {what}$"):
            source.find(f"{name}.jpg")
    assert source.find("absent.jpg") is None
    assert list(source.pictures(Listing())) == []


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_of_any_bytes_are_indexed_listed_and_queried(tmp_path: Path) -> None:
    names = [
        b"latin-\xe9.jpg", b"x" * 251 + b".jpg", b"two\nlines\r.jpg", b"\x1b[31m.jpg", b"-.jpg",
        "\u202egpj.exe.jpg".encode(), b"' OR 1=1 --.jpg", b" .jpg", b"%2e%2e.jpg", b"\\.jpg",
    ]  # fmt: skip
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed, name in enumerate(names):
        data = encoded(picture("discs", seed), "JPEG")
        Path(os.fsdecode(os.fsencode(photos) + b"/" + name)).write_bytes(data)
    summary = index_folders([photos], tmp_path / "store", MINI)
    assert (summary.counts["ok"], summary.warnings) == (len(names), [])
    assert index_folders([], tmp_path / "store", MINI).new == 0
    with Recommender.open(tmp_path / "store", cache="none") as recommender:
        rows = recommender.store.catalog.entries_with("ok")
        assert sorted(os.fsencode(entry.path) for entry in rows) == sorted(names)
        for name in names:
            path = os.fsdecode(name)
            for asked in (path, photos / path):
                found = {result.path for result in recommender.query([asked], k=20).results}
                assert len(found) == len(names) - 1
