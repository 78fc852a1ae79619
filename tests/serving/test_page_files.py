"""The files of the page, and those of the map that are served beside them."""

import os
import re
import shutil
from pathlib import Path

import pytest

from imgrec.serving import page_files
from imgrec.serving.page_files import page, page_file, version
from paths import ROOT

_PAGE = ROOT / "imgrec" / "serving" / "page"
_CLIENT = ROOT / "imgrec" / "maps" / "client"
# What only the page of the site has: data from files, and itself.
_OF_SITES = {"map-files.js", "map-page.js"}


def test_the_page_loads_the_scripts_of_the_map_in_their_order() -> None:
    site = re.findall(r'src="\.\./assets/(map-\w+\.js)"', (_CLIENT / "index.html").read_text())
    live = re.findall(r'^import "\./(map-\w+\.js)";$', (_PAGE / "atlas.js").read_text(), re.M)
    assert {*site} == {path.name for path in _CLIENT.glob("*.js")}
    assert live == [name for name in site if name not in _OF_SITES]


def test_each_name_is_one_file() -> None:
    pages, maps = ({path.name for path in folder.glob("*.*")} for folder in (_PAGE, _CLIENT))
    assert pages & maps == {"index.html"}
    for folder, names in ((_PAGE, pages), (_CLIENT, maps - {"index.html"})):
        for name in names:
            reply = page_file(name, version())
            assert (reply.status, reply.body) == (200, (folder / name).read_bytes()), name


@pytest.mark.parametrize("name", ["", ".", "..", "../serve.py", "map", "map.py", "none.js"])
def test_there_is_no_other_file(name: str) -> None:
    assert page_file(name, version()).status == 404


def test_the_page_names_its_files_in_the_folder_of_their_version() -> None:
    html = page().body.decode()
    named = re.findall(r'(?:src|href)="(page/[^"]*)"', html)
    assert len(named) > 20
    for address in named:
        _, folder, name = address.split("/")
        assert folder == version()
        assert page_file(name, folder).status == 200
    assert page().headers["Cache-Control"] == "no-cache"


def test_only_files_of_the_present_version_are_kept() -> None:
    assert "immutable" in page_file("main.js", version()).headers["Cache-Control"]
    earlier = page_file("main.js", "0123456789abcdef")
    assert (earlier.status, earlier.headers["Cache-Control"]) == (200, "no-cache")


def test_another_content_has_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(_PAGE, tmp_path / "page")
    monkeypatch.setattr(page_files, "_PAGE", tmp_path / "page")
    first = version()
    script = tmp_path / "page" / "dom.js"
    text = script.read_text("utf-8")
    script.write_text(text + "// Another.\n", "utf-8")
    assert version() != first
    script.write_text(text, "utf-8")
    assert version() == first
    script.rename(script.with_name("other.js"))
    assert version() != first


def test_a_version_stands_for_the_same_bytes_while_files_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(_PAGE, tmp_path / "page")
    monkeypatch.setattr(page_files, "_PAGE", tmp_path / "page")
    first, script = version(), tmp_path / "page" / "dom.js"
    before, stats = script.read_bytes(), script.stat()
    # As after the version was found and before the file is read.
    script.write_bytes(before.replace(b"Makes", b"Takes"))
    os.utime(script, ns=(stats.st_atime_ns, stats.st_mtime_ns))
    reply = page_file("dom.js", first)
    assert script.read_bytes() != before
    assert (reply.body, "immutable" in reply.headers["Cache-Control"]) == (before, True)


def test_what_the_first_pictures_need_is_loaded_at_once() -> None:
    """A module that no preload names is asked for only when another that imports it is there."""
    html = (_PAGE / "index.html").read_text("utf-8")
    preloaded = {*re.findall(r'rel="modulepreload" href="page/([^"]+)"', html)}
    named = {*re.findall(r'<script type="module"[^>]* src="page/([^"]+)"', html)}
    assert preloaded | named == _imported_by("main.js") | _imported_by("shell.js")


def _imported_by(name: str) -> set[str]:
    found, left = {name}, [name]
    while left:
        text = (_PAGE / left.pop()).read_text("utf-8")
        new = {*re.findall(r'^(?:import|export)\b[^;]*?"\./([\w-]+\.js)";', text, re.M)} - found
        found |= new
        left += new
    return found
