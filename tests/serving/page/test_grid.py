"""The grid: endless, few nodes, reached by one Tab, drawn from what the server answers."""

from selenium.webdriver import Keys

from live_page import Page

_MOST_TILES = 220


def _distances(page: Page) -> list[str]:
    found: list[str] = page.js(
        "return [...document.querySelectorAll('.tile .distance')].map(d => d.title)"
    )
    return found


def test_the_collection_is_listed_to_its_end_with_few_nodes(page: Page) -> None:
    page.click("#folds input:checked") if page.all("#folds input:checked") else None
    asked = page.api("/api/list", {"k": 500})
    expected = [one["id"] for one in asked["pictures"]]
    assert len(expected) == 153
    assert page.ids()[:10] == expected[:10]
    seen: dict[int, int] = {}
    tallest = 0
    for _ in range(200):
        places = page.js(
            "return [...document.querySelectorAll('.tile')]"
            ".map(t => [t.index, Number(t.dataset.id)])"
        )
        assert len(places) <= _MOST_TILES
        for index, image_id in places:
            # A picture keeps its place: nothing jumps when parts come.
            assert seen.setdefault(index, image_id) == image_id
        height = page.js("return document.querySelector('#grid').offsetHeight")
        assert height >= tallest
        tallest = height
        if len(seen) == len(expected):
            break
        page.js("scrollBy(0, 400)")
        page.js("await new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))")
    assert [seen[index] for index in range(len(expected))] == expected
    assert page.js("return document.querySelector('#grid').ariaRowCount") != "-1"


def test_hits_are_those_of_the_server_in_their_order(page: Page) -> None:
    body = {"pictures": [3, 60], "unwanted": [120], "k": 60}
    answer = page.api("/api/search", body)
    page.go("?like=3,60,~120")
    expected = [one["id"] for one in answer["results"]]
    page.wait_ids(expected[:15])
    shown = dict(zip(page.ids(), _distances(page), strict=True))
    for hit in answer["results"][:15]:
        assert abs(float(shown[hit["id"]].removeprefix("distance ")) - hit["distance"]) < 1e-5
    # The first color of a bar is that of the nearest query.
    colors = page.js(
        "return [...document.querySelectorAll('.tile')].map("
        "t => t.querySelector('.pull-in i').style.background)"
    )
    for hit, color in zip(answer["results"][:15], colors, strict=False):
        nearest = hit["per_query"].index(min(hit["per_query"]))
        assert color == f"var(--query-{nearest + 1})"


def test_one_tab_stop_and_arrows(page: Page) -> None:
    assert page.js("return document.querySelectorAll('#grid [tabindex=\"0\"]').length") == 1
    # Caps Lock does not matter.
    page.press("G")
    columns = int(page.js("return document.querySelector('#grid').getAttribute('aria-colcount')"))
    focused = "return document.activeElement.index"
    assert page.js(focused) == 0
    for key, expected in (
        (Keys.ARROW_LEFT, 0), (Keys.ARROW_RIGHT, 1), (Keys.ARROW_DOWN, 1 + columns),
        (Keys.ARROW_LEFT, columns), (Keys.ARROW_UP, 0), (Keys.END, None), (Keys.HOME, 0),
    ):  # fmt: skip
        page.press(key)
        if expected is not None:
            assert page.js(focused) == expected
    page.press(Keys.END, Keys.PAGE_UP)
    # The focused tile stays in the page when it is scrolled away.
    here = page.js(focused)
    page.js("scrollTo(0, 0)")
    page.js("await new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    assert page.js(focused) == here
    roles = page.js(
        "const all = [...document.querySelectorAll('#grid > *')];"
        "return all.every(r => r.role === 'row' && [...r.children].every("
        "c => c.role === 'gridcell' && c.ariaLabel))"
    )
    assert roles
    order = page.js(
        "return [...document.querySelectorAll('#grid > *')].map(r => Number(r.ariaRowIndex))"
    )
    assert order == sorted(order)


def test_keys_want_unwant_and_ask(page: Page) -> None:
    first, second = page.ids()[:2]
    page.press("g", "+")
    page.wait("return document.querySelector('#chips .chip')")
    assert page.query() == f"?like={first}"
    page.settle()
    page.press("g")
    focused = "return Number(document.activeElement.dataset.id)"
    unwanted = page.js(focused)
    page.press("-")
    page.wait("return document.querySelector('#chips .chip.not')")
    assert page.query() == f"?like={first},~{unwanted}"
    page.settle()
    page.press("g", Keys.ARROW_RIGHT)
    third = page.js(focused)
    page.press("s")
    page.wait("return document.querySelectorAll('#chips .chip').length === 1")
    assert page.query() == f"?like={third}"
    page.settle()
    page.press("g", "m")
    assert page.js("return document.activeElement.ariaSelected") == "true"
    assert page.js("return document.activeElement.querySelector('.mark').checked")
    page.press("m")
    assert page.js("return document.activeElement.ariaSelected") == "false"
    assert second
