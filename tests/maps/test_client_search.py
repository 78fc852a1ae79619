"""The search box of the map: what is found, ringed, chosen."""

from selenium.webdriver import ActionChains, Keys

from map_folder import MadeMap
from map_page import MapPage


def _search(page: MapPage, text: str) -> list[int]:
    page.do("core.search(given[0])", text)
    return sorted(page.do("[...(core.rings ?? [])]"))


def _expected(made: MadeMap, *words: str) -> list[int]:
    found = []
    for row, path in enumerate(made.paths):
        texts = [
            path.lower(),
            made.names[made.groups[row]],
            *(["red"] if made.ids[row] % 2 else []),
        ]
        if all(any(word in text for text in texts) for word in words):
            found.append(row)
    return found


def test_each_word_is_part_of_the_path_or_of_a_label(page: MapPage, made: MadeMap) -> None:
    for words in (
        ("picture-00000",),
        ("group", "1"),
        ("red", "99"),
        ("onerror",),
        ("nothing-at-all",),
    ):
        assert _search(page, " ".join(words)) == _expected(made, *words)
    assert _search(page, "ONERROR") == _expected(made, "onerror") == [0]
    assert _search(page, "") == []


def test_what_is_found_is_ringed(page: MapPage, made: MadeMap) -> None:
    [row] = _search(page, "picture-0000100.jpg")
    assert made.paths[row].endswith("picture-0000100.jpg")
    x, y, *_ = page.box(row)
    page.js("document.querySelector('.names').hidden = true")
    ring = page.do("core.theme.ring")
    around = page.pixels()[round(y) - 8 : round(y) + 9, round(x) - 8 : round(x) + 9].astype(int)
    assert (abs(around - ring).max(axis=2) < 40).sum() > 8


def test_labels_and_pictures_are_listed_and_chosen_by_keys(page: MapPage, made: MadeMap) -> None:
    page.focus()
    page.press("/")
    assert page.js("return document.activeElement.getAttribute('role')") == "combobox"
    page.press(*"group 3")
    page.wait("return document.querySelector('.answers .told').textContent.includes('pictures')"
              " && imgrecMap.view.core.rings.length")  # fmt: skip
    options = page.js(
        "return [...document.querySelectorAll('[role=option]')].map(e => e.textContent)"
    )
    count = int((made.groups == 3).sum())
    assert options[0] == f"group 3Group · {count} pictures"
    assert len(options) > 10
    page.press(Keys.ARROW_DOWN)
    assert page.one("[role=option][aria-selected=true]").text.startswith("group 3")
    active = page.one("[role=combobox]").get_attribute("aria-activedescendant")
    assert active == page.one("[aria-selected=true]").get_attribute("id")
    page.press(Keys.ENTER)
    page.wait("return imgrecMap.view.core.rings.length === arguments[0]", count)
    assert page.do("core.state.code") == 4
    assert page.do("[...core.rings]") == [i for i, g in enumerate(made.groups) if g == 3]


def test_a_picture_that_is_chosen_opens(page: MapPage, made: MadeMap) -> None:
    page.js("document.querySelector('[role=combobox]').focus()")
    page.press(*"0000055")
    page.wait("return document.querySelectorAll('[role=option]').length === 1")
    page.press(Keys.ARROW_DOWN, Keys.ENTER)
    page.wait("return !document.querySelector('.panel').hidden")
    page.settle()
    row = page.do("core.state.open")
    assert "picture-0000055" in made.paths[row]
    x, *_ = page.box(row)
    # It is in the middle, as a thumbnail.
    assert abs(x - 640) < 60
    assert row in page.shown()


def test_a_new_search_replaces_the_one_before(page: MapPage, made: MadeMap) -> None:
    page.js("imgrecMap.view.core.search('red'); imgrecMap.view.core.search('picture-0000055')")
    page.wait("return imgrecMap.view.core.rings?.length === 1")
    page.wait("return new URLSearchParams(location.hash.slice(1)).get('q') === 'picture-0000055'")
    page.focus()
    page.escape()
    assert page.do("core.rings.length") == 0


# A search that says what it has found so far, and ends when it is let go.
_HELD = """
  const { findPictures } = imgrecMap;
  const held = [];
  window.letGo = () => held.splice(0).forEach((go) => go());
  imgrecMap.findPictures = async (pictures, text, progress) => {
    const rows = await findPictures(pictures, text, (some) => progress(some.slice(0, 2), 0.5));
    await new Promise((go) => held.push(go));
    return rows && progress(rows, 1) ? rows : null;
  };
  document.querySelector("[role=combobox]").focus();
"""
_SEARCHED = "return document.querySelector('.answers .told').textContent.includes('searched')"
_CHOSEN = (
    "return [...document.querySelectorAll('[role=option]')]"
    ".findIndex(e => e.ariaSelected === 'true')"
)
_ENDED = "return imgrecMap.view.core.rings?.length"


def _type(page: MapPage, *keys: str) -> None:
    """Press keys faster than anything is searched for."""
    ActionChains(page.browser).send_keys(*keys).perform()


def test_arrows_before_the_results_step_through_those_of_the_whole_query(page: MapPage) -> None:
    page.js(_HELD)
    _type(page, "group 3", Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    page.wait(_SEARCHED)
    page.press(Keys.ARROW_DOWN)
    assert page.js(_CHOSEN) == -1
    page.js("letGo()")
    page.wait(_ENDED)
    assert page.js(_CHOSEN) == 2


def test_the_last_result_and_a_choice_wait_for_the_results(page: MapPage, made: MadeMap) -> None:
    page.js(_HELD)
    _type(page, "picture-000005", Keys.ARROW_UP, Keys.ENTER)
    page.wait(_SEARCHED)
    assert page.do("core.state.open") == -1
    page.js("letGo()")
    page.wait("return !document.querySelector('.panel').hidden")
    assert page.do("core.state.open") == _expected(made, "picture-000005")[-1]


def test_keys_are_forgotten_when_the_box_closes_or_another_query_is_typed(page: MapPage) -> None:
    page.js(_HELD)
    _type(page, "group 3", Keys.ARROW_DOWN)
    page.wait(_SEARCHED)
    page.escape()
    page.js("letGo()")
    page.wait(_ENDED)
    page.press(Keys.ARROW_DOWN)
    assert page.js("return !document.querySelector('.answers').hidden")
    assert page.js(_CHOSEN) == -1
    _type(page, "0", Keys.ARROW_DOWN)
    page.wait(_SEARCHED)
    _type(page, Keys.BACK_SPACE, Keys.BACK_SPACE, "4")
    page.js("letGo()")
    page.wait("return document.querySelector('[role=option]')?.textContent.startsWith('group 4')")
    page.js("letGo()")
    page.wait("return !document.querySelector('.answers .told').textContent.includes('searched')")
    assert page.js(_CHOSEN) == -1


def test_enter_goes_to_what_the_whole_query_finds(page: MapPage, made: MadeMap) -> None:
    page.js(_HELD)
    _type(page, "picture-0000055", Keys.ENTER)
    page.wait(_SEARCHED)
    page.js("letGo()")
    page.wait("return document.activeElement === imgrecMap.view.core.canvas")
    page.settle()
    [row] = _expected(made, "picture-0000055")
    x, *_ = page.box(row)
    assert page.do("core.rings.length") == 1
    assert 100 < x < 1180
    assert row in page.shown()
