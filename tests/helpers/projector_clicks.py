"""Mouse actions on the projector's page outside the plot: bookmarks, runs, tabs."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from selenium import webdriver

from projector_page import _FIND, _OFFSET, click

# Polymer hides elements it no longer needs instead of removing them.
_SHOWN = "const shown = list => [...list].find(e => e.getBoundingClientRect().width > 0);"
_BOOKMARK = """
const row = projector.bookmarkPanel.root.querySelectorAll('.state-row')[arguments[0]];
row.scrollIntoView({block: 'center'});
return offset(shown(row.querySelectorAll('.state-radio paper-icon-button')));
"""
_ARROW = """
const arrows = ['#expand-more', '#expand-less'].map(id => projector.bookmarkPanel.$$(id));
return offset(shown(arrows));
"""
_MENU = "return offset(find(projector.dataPanel.root, 'paper-dropdown-menu'));"
_ITEM = """
const items = [...find(projector.dataPanel.root, 'paper-listbox').querySelectorAll('paper-item')];
const item = items.find(item => item.textContent.trim() === arguments[0]);
item.scrollIntoView({block: 'center'});
return offset(item);
"""
_TAB = "return offset(projector.projectionsPanel.root.querySelector('.ink-tab[data-tab=%s]'));"
_LOADED = """
const {selectedRun} = projector.dataPanel, data = projector.dataSet;
const image = data && data.spriteAndMetadataInfo && data.spriteAndMetadataInfo.spriteImage;
return Boolean(selectedRun === arguments[0] && image && projector.projection
  && new URL(image.src).searchParams.get('run') === arguments[0]);
"""


def bookmarks(browser: webdriver.Chrome, timeout_s: float = 10) -> list[str]:
    """Wait until bookmarks are listed; return their names in that order."""
    names = "return projector.bookmarkPanel.savedStates.map(state => state.label)"
    return list(_wait(browser, names, timeout_s=timeout_s))


def bookmarks_open(browser: webdriver.Chrome) -> bool:
    """Return whether the list of bookmarks is open."""
    return bool(_run(browser, "return projector.bookmarkPanel.$.panel.opened"))


def click_bookmarks(browser: webdriver.Chrome) -> None:
    """Click on the arrow that opens or closes the list of bookmarks; wait until it has moved."""
    _click(browser, _ARROW)
    _wait(browser, "return !projector.bookmarkPanel.$.panel.transitioning", timeout_s=10)


def click_bookmark(browser: webdriver.Chrome, name: str) -> None:
    """Click on the circle before the name of a bookmark, in the list that is opened if need be."""
    if not bookmarks_open(browser):
        click_bookmarks(browser)
    _click(browser, _BOOKMARK, bookmarks(browser).index(name))


def chosen_bookmark(browser: webdriver.Chrome) -> str | None:
    """Return the name of the bookmark whose circle is filled, None if there is none."""
    names: list[str] = _run(
        browser,
        "return projector.bookmarkPanel.savedStates.filter(s => s.isSelected).map(s => s.label)",
    )
    return names[0] if names else None


def click_tab(browser: webdriver.Chrome, tab: str) -> None:
    """Click on a projection tab: "umap", "tsne", "pca" or "custom"."""
    _click(browser, _TAB % tab)


def chosen_tab(browser: webdriver.Chrome) -> str:
    """Return the open tab, in lower case without dashes."""
    script = "return projector.projectionsPanel.root.querySelector('.ink-tab.active').dataset.tab"
    return str(_run(browser, script))


def run_names(browser: webdriver.Chrome) -> list[str]:
    """Return the names of the runs in the order of the drop-down list."""
    return list(_run(browser, "return projector.dataPanel.runNames"))


def chosen_run(browser: webdriver.Chrome) -> str:
    """Return the name of the run that is shown."""
    return str(_run(browser, "return projector.dataPanel.selectedRun"))


def choose_run(browser: webdriver.Chrome, name: str, timeout_s: float = 60) -> None:
    """Choose another run in the drop-down list; wait until its points are drawn."""
    _click(browser, _MENU)
    _click(browser, _ITEM, name)
    _wait(browser, _LOADED, name, timeout_s=timeout_s)


def shown_color(browser: webdriver.Chrome) -> str:
    """Return the column that the points are colored by, or the page's text for none."""
    return str(_run(browser, "return projector.dataPanel.selectedColorOptionName"))


def legend(browser: webdriver.Chrome) -> list[str]:
    """Return the values in the color legend; empty if no legend is shown."""
    return list(
        _run(
            browser,
            _SHOWN + "const one = find(projector.dataPanel.root, 'vz-projector-legend');"
            "return one && shown([one]) ? one.renderInfo.items.map(item => item.label) : []",
        )
    )


def numeric_columns(browser: webdriver.Chrome) -> list[str]:
    """Return the metadata columns that the page takes for numbers, in their order."""
    script = "projector.dataSet.spriteAndMetadataInfo.stats.filter(one => one.isNumeric)"
    return list(_run(browser, f"return {script}.map(one => one.name)"))


def shown_label(browser: webdriver.Chrome) -> str:
    """Return the column that the points are labeled by."""
    return str(_run(browser, "return projector.dataPanel.selectedLabelOption"))


def world_positions(browser: webdriver.Chrome) -> NDArray[np.float64]:
    """Return the positions (n, 3) of the points, -1 to 1; NaN for points without one."""
    values = _run(browser, "return Array.from(plot.worldSpacePointPositions)")
    return np.array(values, np.float64).reshape(-1, 3)


def _click(browser: webdriver.Chrome, script: str, *arguments: object) -> None:
    """Click at the center of the element a script finds, once it no longer moves."""
    before: list[float] = []
    while (box := _run(browser, _OFFSET + _SHOWN + script, *arguments)) != before or not box[2]:
        before = box
        # The element may still scroll or open.
        time.sleep(0.1)
    left, top, width, height = box
    click(browser, (left + width / 2, top + height / 2))


def _wait(browser: webdriver.Chrome, script: str, *arguments: object, timeout_s: float) -> Any:
    """Run a script until its result is not empty; return the result."""
    end = time.monotonic() + timeout_s
    while not (found := _run(browser, script, *arguments)):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {timeout_s:.0f} s: {script}")
        time.sleep(0.1)
    return found


def _run(browser: webdriver.Chrome, script: str, *arguments: object) -> Any:
    return browser.execute_script(_FIND + script, *arguments)
