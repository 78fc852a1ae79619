"""The enclosure of a store: links, pipes, sockets and names that lead out of it are refused."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from imgrec import Store, StoreError, index_folders
from imgrec.checks import check_store
from imgrec.store.enclosure import check_enclosed, is_name, strays
from imgrec.system.folder_names import folder_name
from pictures import picture
from stores import HERE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "photos").mkdir()
    for number in range(3):
        picture("discs", number).save(folder / "photos" / f"{number}.png")
    index_folders([folder / "photos"], folder / "store", HERE)
    return folder / "store"


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def _socket(path: Path) -> None:
    # Bound by a relative name: a socket's path has at most about 100 bytes.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


STRAYS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "link to a folder": ("a symbolic link", lambda path: path.symlink_to("..", True)),
    "link to a file": ("a symbolic link", lambda path: path.symlink_to("/etc/hostname")),
    "link to nothing": ("a symbolic link", lambda path: path.symlink_to("nowhere")),
    "pipe": ("a named pipe", os.mkfifo),
    "socket": ("a socket", _socket),
}
PLACES = "knn", "features/mini/part-000000/more.npy", "damaged.json", "lock", ".tmp-x", "a/b/c/d/e"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", STRAYS)
def test_what_is_no_folder_and_no_file_is_refused_wherever_it_lies(
    store: Path, kind: str, place: str
) -> None:
    what, make = STRAYS[kind]
    path = store / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path)
    message = f"^{path} is {what}: .*remove it"
    for attempt in (Store.open, Store.create):
        with pytest.raises(StoreError, match=message):
            attempt(store)
    with pytest.raises(StoreError, match=message):
        index_folders([], store, HERE)
    report, damaged = check_store(store)
    assert damaged is None
    assert [(f.place, f.problem) for f in report.findings] == [
        (place, f"it is {what}, which a store never holds")
    ]
    assert path.is_symlink() or path.exists()


def test_a_link_in_place_of_each_folder_and_file_of_a_store(store: Path) -> None:
    for path in sorted(store.rglob("*"), reverse=True):
        aside = path.with_name("aside")
        path.rename(aside)
        path.symlink_to("aside")
        with pytest.raises(StoreError, match="symbolic link"):
            check_enclosed(store)
        path.unlink()
        aside.rename(path)
    check_enclosed(store)


def test_the_folder_of_a_store_may_be_reached_by_a_link(store: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(store, True)
    with Store.open(tmp_path / "link") as opened:
        assert len(opened.feature()) == 3


def test_a_folder_that_vanishes_during_the_scan_is_passed_over(store: Path) -> None:
    found = strays(store)
    (store / "link").symlink_to("nowhere")
    first = next(found)
    shutil.rmtree(store)
    assert [first, *found][0][0] == store / "link"


def test_a_folder_that_is_no_store_is_not_scanned(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    (tmp_path / "link").symlink_to("letter.txt")
    with pytest.raises(StoreError, match="is no store and not empty"):
        Store.create(tmp_path)


def test_links_that_lie_where_a_store_is_to_be_made(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "store" / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(StoreError, match="lock is a symbolic link"):
        Store.create(tmp_path / "store")
    assert (tmp_path / "mine").read_text() == "mine"


NAMES = ["mini", "lite0+mini", "open_clip:ViT-B-32/openai", "timm:hf_hub:a/b@c", "onnx:größe (1).o"]
NO_NAMES = ["", ".", "..", "../x", "a/../b", "a//b", "/a", "a/", "a\\b", "a\nb", "a\0b", "-a", "=a"]
# An ONNX file by its place would be run as a network.
NO_NAMES += ["onnx:store/m.onnx", "onnx:/home/x/m.onnx"]
NO_NAMES += ["a\u202eb", "a\ud800", "<b>", "a" * 201, " a", "a/."]


def test_names() -> None:
    assert [name for name in NAMES if not is_name(name)] == []
    assert [name for name in NO_NAMES if is_name(name)] == []


@pytest.mark.parametrize("folder", ["Mini", "%6dini", "a%2f..%2fb", "%2e%2e", "a%0ab", "a%ff", "%"])
def test_a_folder_that_stands_for_no_name(store: Path, folder: str) -> None:
    (store / "features" / "mini").rename(store / "features" / folder)
    with Store.open(store) as opened, pytest.raises(StoreError, match="stands for no name"):
        opened.feature_names()


@pytest.mark.parametrize("name", ["../../store/features/mini", "/etc", "rgb", "Mini", ""])
def test_a_description_in_the_folder_of_another_name(store: Path, name: str) -> None:
    described = store / "features" / "mini" / "feature.json"
    described.write_text(described.read_text().replace('"mini"', f'"{name}"', 1))
    with Store.open(store) as opened, pytest.raises(StoreError, match=r"feature\.json"):
        opened.spec("mini")


def test_each_name_that_is_allowed_has_a_folder_of_its_own() -> None:
    assert len({folder_name(name).casefold() for name in NAMES}) == len(NAMES)
