"""Choices on the page in Chromium: by hand and by a rule, remembered, forgotten."""

import re
import shlex

from selenium import webdriver

from review_in_browser import Made, click, find, reload, states_shown
from site_in_browser import until


def test_a_group_keeps_a_file_and_choices_are_remembered(
    page: webdriver.Chrome, made: Made
) -> None:
    names = ["resized.png", "resized half.png", "resized again.webp"]
    find(page, names[0])

    def states() -> list[str]:
        return [states_shown(page)[name] for name in names]

    assert states() == ["Stays", "Could go", "Could go"]
    click(page, names[0], ".no")
    assert states() == ["Stays", "Could go", "Could go"]
    assert "One file of a group stays" in page.execute_script(
        "return document.getElementById('told').textContent"
    )
    click(page, names[1], ".yes")
    click(page, names[0], ".no")
    # The third was compared with the first only.
    assert states() == ["Could go", "Stays", "Look first"]
    words = """
      return [...document.querySelectorAll('.file.goes')].filter(
        file => file.querySelector('.name').textContent === arguments[0]
      ).map(file => file.querySelector('.words').textContent);
    """
    # The third stays, and the first was compared with it.
    assert page.execute_script(words, names[0]) == ["chosen by hand"]
    click(page, names[2], ".no")
    assert page.execute_script(words, names[0]) == ["by hand: what stays is smaller"]
    unknown = "by hand: no file that stays is known to be the same"
    assert page.execute_script(words, names[2]) == [unknown]
    click(page, names[2], ".yes")
    reload(page, made)
    find(page, names[0])
    assert states() == ["Could go", "Stays", "Stays"]
    assert page.execute_script(words, names[0]) == ["chosen by hand"]
    page.execute_script("document.getElementById('undo').click()")
    assert states() == ["Stays", "Could go", "Could go"]


def test_what_another_tab_chooses_is_kept_beside_what_this_one_does(
    page: webdriver.Chrome, made: Made
) -> None:
    names = ["resized.png", "resized half.png", "resized again.webp"]
    here = page.current_window_handle
    page.switch_to.new_window("tab")
    reload(page, made)
    find(page, names[0])
    click(page, names[1], ".yes")
    page.close()
    page.switch_to.window(here)
    find(page, names[0])
    until(page, "return !document.getElementById('undo').hidden")
    assert states_shown(page)[names[1]] == "Stays"
    click(page, names[2], ".yes")
    reload(page, made)
    find(page, names[0])
    assert [states_shown(page)[name] for name in names] == ["Stays"] * 3


def test_another_rule_changes_what_stays_and_the_command(
    made: Made, page: webdriver.Chrome
) -> None:
    script = """
      const rule = document.getElementById('rule'), folder = document.getElementById('folder');
      rule.value = arguments[0]; rule.dispatchEvent(new Event('change'));
      folder.value = arguments[1]; folder.dispatchEvent(new Event('input'));
      document.getElementById('list').click();
      document.querySelector('#make .close').click();
      return document.getElementById('command').textContent;
    """
    store = shlex.quote(str(made[0].parent.parent / "store"))
    told = page.execute_script(script, "found", "")
    assert told == f"imgrec duplicates --store {store} --keep largest,oldest --trash"
    assert page.execute_script(script, "newest", "").endswith("--keep newest --trash")
    told = page.execute_script(script, "folder", "/it's; rm -rf")
    assert told.endswith(" --keep 'in:/it'\"'\"'s; rm -rf' --trash")
    find(page, "hostile.png")
    folder = page.execute_script(
        "return [...document.querySelectorAll('.folder')].map(f => f.textContent)"
        ".find(f => f.endsWith('/hostile'))"
    )
    page.execute_script(script, "folder", folder)
    assert states_shown(page)["hostile.png"] == "Could go"
    kept = """
      const file = [...document.querySelectorAll('.file')].find(
        file => file.querySelector('.name').textContent === 'hostile.png');
      return [...file.closest('section').querySelectorAll('.strip.kept')].length;
    """
    assert page.execute_script(kept) == 1


def test_a_choice_is_forgotten_where_the_name_has_another_content(
    made: Made, page: webdriver.Chrome
) -> None:
    name = "resized half.png"
    find(page, name)
    click(page, name, ".yes")
    by_hand = "return !document.getElementById('undo').hidden"
    assert page.execute_script(by_hand)
    facts = next(f for f in made[0].parent.glob("data/facts-*.js") if name in f.read_text("utf-8"))
    text = facts.read_text("utf-8")
    try:
        facts.write_text(re.sub(r'"bytes":(\d+)', r'"bytes":1\1', text), "utf-8")
        reload(page, made)
        assert not page.execute_script(by_hand)
    finally:
        facts.write_text(text, "utf-8")
    reload(page, made)
    assert page.execute_script(by_hand)
