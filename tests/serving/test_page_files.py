"""The files of the page, and those of the map that are served beside them."""

import re

import pytest

from imgrec.serving.page_files import page_file
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
            reply = page_file(name)
            assert (reply.status, reply.body) == (200, (folder / name).read_bytes()), name


@pytest.mark.parametrize("name", ["", ".", "..", "../serve.py", "map", "map.py", "none.js"])
def test_there_is_no_other_file(name: str) -> None:
    assert page_file(name).status == 404
