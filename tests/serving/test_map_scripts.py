"""The live page loads the scripts of the map that the map's own page loads, in the same order."""

import re

from paths import ROOT

# What reads files, and what mounts the page of the network site.
_OF_THE_SITE = {"map-files.js", "map-page.js"}


def _named(path: str, pattern: str) -> list[str]:
    return re.findall(pattern, (ROOT / "imgrec" / path).read_text("utf-8"))


def test_no_script_of_the_map_is_forgotten() -> None:
    of_the_site = _named("maps/client/index.html", r'<script src="\.\./assets/(map-[a-z-]+\.js)"')
    of_the_page = _named("serving/page/atlas.js", r'import "\./(map-[a-z-]+\.js)"')
    assert of_the_page
    assert of_the_page == [name for name in of_the_site if name not in _OF_THE_SITE]
