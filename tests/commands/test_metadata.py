"""Metadata through the commands: indexed, kept, restored, searched, shown, and left at home."""

import json
import shutil
from pathlib import Path

import pytest

import metadata_bytes as made
from graph.__main__ import main as graph
from imgrec import Store
from imgrec.catalog import main as catalog
from imgrec.index import main as index
from imgrec.pictures.metadata_names import by_name
from imgrec.query import main as query
from imgrec.store.paths import StorePaths
from metadata_containers import BLOCK, PACKET, SAID, WORDS
from pictures import picture
from projector.__main__ import main as projector
from stores import contents

TITLE = '<script>alert(1)</script>=HYPERLINK("x")'


def _jpeg(folder: Path, name: str, kind: str, place: int) -> bytes:
    picture(kind, place).save(folder / name, "JPEG")
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dated") / "photos"
    folder.mkdir()
    for number in range(6):
        plain = _jpeg(folder, f"{number}.jpg", "discs", number)
        taken = made.exif({271: (2, "NIKON CORPORATION"), 272: (2, "NIKON D700")},
                          {36867: (2, f"20{10 + number}:05:01 10:00:00")})  # fmt: skip
        escaped = TITLE.replace("<", "&lt;").replace('"', "&quot;")
        packet = made.xmp({}, {"dc:title": [escaped]})
        (folder / f"{number}.jpg").write_bytes(made.jpeg(taken, packet, picture=plain))
    plain = _jpeg(folder, "vienna.jpg", "stripes", 1)
    (folder / "vienna.jpg").write_bytes(made.jpeg(BLOCK, PACKET, picture=plain))
    _jpeg(folder, "plain.jpg", "stripes", 2)
    return folder


@pytest.fixture(scope="module")
def dated(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("dated-store") / "store"
    command = [str(photos), "--store", str(store), "--encoder", "mini", "--workers", "0"]
    assert index(command) == 0
    return store


def asked(capsys: pytest.CaptureFixture[str], store: Path, *arguments: str) -> str:
    capsys.readouterr()
    assert query([str(arguments[0]), "--store", str(store), "-k", "9", *arguments[1:]]) == 0
    return capsys.readouterr().out


def paths(answer: str) -> list[str]:
    return sorted(result["path"] for result in json.loads(answer)["results"])


def test_the_catalog_has_what_the_files_say(dated: Path) -> None:
    with Store.open(dated) as store:
        entry = store.catalog.find_path("vienna.jpg")
        assert entry is not None
        assert by_name(store.catalog.metadata.of([entry.id])[entry.id]) == SAID | WORDS
        assert store.catalog.metadata.counts() == {
            "taken": 7, "camera": 7, "lens": 1, "exposure": 1, "aperture": 1, "iso": 1, "focal": 1,
            "latitude": 1, "longitude": 1, "rating": 1, "title": 7, "keyword": 1,
        }  # fmt: skip


def test_workers_and_the_main_process_read_the_same(
    photos: Path, dated: Path, tmp_path: Path
) -> None:
    command = [str(photos), "--store", str(tmp_path / "store"), "--encoder", "mini"]
    assert index([*command, "--workers", "2"]) == 0
    assert contents(tmp_path / "store")["metadata"] == contents(dated)["metadata"]


def test_a_catalog_that_was_lost_comes_back_with_it(dated: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(dated, tmp_path / "store"))
    StorePaths(store).catalog.unlink()
    assert index(["--store", str(store), "--encoder", "mini", "--workers", "0"]) == 0
    assert contents(store) == contents(dated)


@pytest.mark.parametrize(
    "row",
    [["taken", "x", 1e300], ["odd", "x", None], ["title", "a\nb", None], ["iso", 1, 1], []],
)  # fmt: skip
def test_a_part_that_says_something_hostile_counts_as_damaged(
    dated: Path, tmp_path: Path, row: list[object]
) -> None:
    from imgrec.errors import StoreError
    from imgrec.store.origins import read_origins

    file = tmp_path / "pictures.json"
    content = json.loads((dated / "thumbs" / "part-000000" / "pictures.json").read_text())
    file.write_text(json.dumps(content))
    assert len(read_origins(file, 8)) == 8
    content["metadata"][3] = [row]
    file.write_text(json.dumps(content))
    with pytest.raises(StoreError, match="damaged"):
        read_origins(file, 8)


def test_queries_are_filtered_and_answered_with_metadata(
    photos: Path, dated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = str(photos / "plain.jpg")
    answer = asked(capsys, dated, one, "--json", "--where", "taken=2011..2012-05-01")
    assert paths(answer) == ["1.jpg", "2.jpg"]
    assert json.loads(answer)["images"] == 2
    answer = asked(capsys, dated, one, "--json", "--where", "near=48.2,16.4,5km")
    assert paths(answer) == ["vienna.jpg"]
    assert json.loads(answer)["results"][0]["metadata"] == SAID | WORDS
    answer = asked(capsys, dated, one, "--json", "--where", "camera=nikon", "--where", "taken=2013")
    assert paths(answer) == ["3.jpg"]
    assert "metadata" in json.loads(answer)["results"][0]


def test_a_raw_file_is_indexed_by_its_preview_with_its_own_metadata(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    preview = made.plain_jpeg((320, 200), "teal")
    tags = {271: (2, "NIKON CORPORATION"), 272: (2, "NIKON D700")}
    # A thumbnail with directories of its own, turned to the right.
    block = made.exif({**tags, 254: (4, [1]), 274: (3, [6]), 330: (4, [8])},
                      {36867: (2, "2008:10:22 16:28:39")})  # fmt: skip
    (folder / "DSC_1.NEF").write_bytes(block + bytes(5000) + preview + bytes(5000))
    (folder / "DSC_2.NEF").write_bytes(block + bytes(5000))
    store = tmp_path / "store"
    command = [str(folder), "--store", str(store), "--encoder", "mini", "--workers", "0"]
    assert index(command) == 0
    with Store.open(store) as opened:
        (entry,) = opened.catalog.entries_with("ok")
        assert (entry.path, entry.format, entry.width, entry.height) == (
            "DSC_1.NEF", "NEF", 200, 320
        )  # fmt: skip
        assert entry.detail == "embedded preview of 200 x 320 pixels"
        found = by_name(opened.catalog.metadata.of([entry.id])[entry.id])
        assert found == {"taken": "2008-10-22T16:28:39", "camera": "NIKON D700"}
        (failed,) = opened.catalog.entries_with("failed")
        assert (failed.path, failed.reason) == ("DSC_2.NEF", "unsupported")


def test_details_are_a_line_below_each_picture(
    photos: Path, dated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = str(photos / "plain.jpg"), "--where", "iso=400"
    plain = asked(capsys, dated, *arguments)
    assert "Canon" not in plain
    detailed = asked(capsys, dated, *arguments, "--details").splitlines()
    assert len(detailed) == len(plain.splitlines()) + 1
    assert detailed[2].startswith("     2019-07-14 15:32:10.25+02:00, Canon EOS 5D, EF24-70mm")
    assert detailed[2].endswith("50 mm, 48.20833 16.37222, 4 of 5, Summer, #cat #garden")


def test_a_wrong_value_is_one_line(
    photos: Path, dated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for where in ("taken=never", "near=1", "iso=fast", "camera=leica", "taken=1999"):
        command = [str(photos / "plain.jpg"), "--store", str(dated), "--where", where]
        assert query(command) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert f"--where {where}: " in told.err


def test_the_catalog_command_counts_it(dated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert catalog(["--store", str(dated)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("metadata: ")] == [
        "metadata: taken 7, camera 7, lens 1, exposure 1, aperture 1, iso 1, focal 1, latitude 1, "
        "longitude 1, rating 1, title 7, keyword 1"
    ]
    assert catalog(["--store", str(dated), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["taken"] == 7


def test_places_and_titles_leave_no_store_and_dates_only_for_pages(
    dated: Path, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(dated, tmp_path / "store"))
    outputs = tmp_path / "site", tmp_path / "logdir"
    tables = [tmp_path / name for name in ("d.csv", "n.gexf", "n.graphml")]
    exports = zip(("--duplicates", "--gexf", "--graphml"), map(str, tables), strict=True)
    command = ["--store", str(store), "--out", str(outputs[0])]
    assert graph([*command, *(argument for pair in exports for argument in pair)]) == 0
    assert projector(["--store", str(store), "--out", str(outputs[1])]) == 0
    files = [*(file for out in outputs for file in out.rglob("*") if file.is_file()), *tables]
    assert len(files) > 8
    words = b"48.20 16.37 alert(1) Exif\0 HYPERLINK".split(b" ")
    # Network pages show the day, the camera and the lens (SECURITY.md).
    shown = b"Canon NIKON 2019-07-14".split(b" ")
    for file in [*files, store / "thumbs" / "part-000000" / "thumbs.bin"]:
        content = file.read_bytes()
        hidden = words if outputs[0] in file.parents else [*words, *shown]
        assert not [word for word in hidden if word in content], file
