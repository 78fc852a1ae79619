"""The thumbnails of the grid: together, before all else, each tile made once."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

from browser import console_errors, requests
from live_page import Page

# Counts the tiles that come into the page for each picture; it may be run twice in a document.
_COUNT = """
if (!window.tilesMade) new MutationObserver((records) => {
  for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
    const tiles = node.matches?.(".tile") ? [node] : node.querySelectorAll?.(".tile") ?? [];
    for (const tile of tiles) (window.tilesMade[tile.dataset.id] ??= new Set()).add(tile);
  }
}).observe(document, { childList: true, subtree: true });
window.tilesMade ??= {};
"""
_LOADED = """
  const images = [...document.querySelectorAll("#grid img")];
  return images.length && images.every((image) => image.complete && image.naturalWidth);
"""


@contextmanager
def _counted(page: Page) -> Iterator[None]:
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = page.browser.execute_cdp_cmd(command, {"source": _COUNT})
    try:
        yield
    finally:
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_the_first_pictures_come_with_one_request_and_before_all_else(page: Page) -> None:
    page.size(1920, 2400)
    requests(page.browser)
    with _counted(page):
        page.go("?like=3")
    page.wait(_LOADED)
    # The window shows more: the second part.
    page.wait("return document.querySelectorAll('.tile').length > 60")
    asked = [one.removeprefix(page.server.origin) for one in requests(page.browser)]
    answer = page.api("/api/search", {"pictures": [3], "k": 60})
    ids = ",".join(str(hit["id"]) for hit in answer["results"])
    first = asked.index(f"/api/thumbs/{ids}")
    assert asked[:first].count("/api/search") == 1
    assert asked[first:].count("/api/search") >= 1
    assert not {"/api/facets", "/api/store", "/api/distances", "/api/copies"} & {*asked[:first]}
    # A picture of the question is shown by itself.
    assert [one for one in asked if one.startswith("/api/thumb/")] == ["/api/thumb/3"]
    made = page.js("return Object.entries(window.tilesMade).map(([id, { size }]) => [id, size])")
    assert len(made) > 60
    # But those that near-copies were folded into, which are found later.
    assert [size for _, size in made].count(1) >= len(made) - 2


def test_a_tile_shows_the_thumbnail_of_its_picture(page: Page) -> None:
    page.go("?like=3")
    page.wait(_LOADED)
    shown = page.js(
        "return [...document.querySelectorAll('.tile')].map("
        "t => [t.dataset.id, t.querySelector('img').src])"
    )
    read = "const answer = await fetch(`/api/thumb/${arguments[0]}`);"
    read += "return [...new Uint8Array(await answer.arrayBuffer())]"
    for image_id, address in [*shown[:3], shown[-1]]:
        head, _, data = address.partition(",")
        assert head == "data:image/jpeg;base64"
        assert base64.b64decode(data) == bytes(page.js(read, image_id))


def test_thumbnails_that_do_not_come_are_asked_for_again(page: Page) -> None:
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/thumbs/*"]})
    try:
        page.go("?like=3")
        page.wait("return document.querySelectorAll('.tile.broken').length > 10")
        # The rest of the page does not wait for them.
        page.wait("return document.querySelector('#histogram .bars')")
    finally:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    console_errors(page.browser)
    page.click(".tile .more")
    page.wait("return location.search !== '?like=3'")
    page.wait(_LOADED)
    assert not page.all(".tile.broken")
