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
# A drop-down list of the panel at the left or at the right, by the beginning of its title.
_MENU = """
const [title, name] = arguments;
const menus = [projector.dataPanel, projector.inspectorPanel].flatMap(
  panel => [...panel.root.querySelectorAll('paper-dropdown-menu')]);
const menu = menus.find(menu => menu.label.replace(/^[0-9]+ /, '').startsWith(title));
"""
_ITEM = f"""{_MENU}
const item = [...menu.querySelectorAll('paper-item')].find(item => item.value === name);
item.scrollIntoView({{block: 'center'}});
return offset(item);
"""
# Another tensor is shown when its points stand and its bookmarks have replaced those before.
_CHANGED = """
const labels = projector.bookmarkPanel.savedStates.map(state => state.label);
return Boolean(projector.dataSet && projector.projection && labels.length
  && String(labels) !== String(arguments[0]));
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
    _choose(browser, "run", name)
    _wait(browser, _LOADED, name, timeout_s=timeout_s)


def tensor_names(browser: webdriver.Chrome) -> list[str]:
    """Return the names of the tensors of the chosen run, in the order of the drop-down list."""
    return list(_run(browser, "return projector.dataPanel.tensorNames.map(one => one.name)"))


def chosen_tensor(browser: webdriver.Chrome) -> str:
    """Return the name of the tensor that is shown."""
    return str(_run(browser, "return projector.dataPanel.selectedTensor"))


def choose_tensor(browser: webdriver.Chrome, name: str, timeout_s: float = 60) -> None:
    """Choose another tensor in the drop-down list; wait until its points are drawn."""
    before = bookmarks(browser)
    _choose(browser, "tensor", name)
    _wait(browser, _CHANGED, before, timeout_s=timeout_s)


def search_by(browser: webdriver.Chrome, column: str) -> None:
    """Choose the column to search in, by which the listed neighbors are named too."""
    _choose(browser, "By", column)


def searched_column(browser: webdriver.Chrome) -> str:
    """Return the column in which the page searches."""
    return str(_run(browser, "return projector.inspectorPanel.selectedMetadataField"))


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


def legend_colors(browser: webdriver.Chrome) -> dict[str, tuple[str, int]]:
    """Return the color (#rrggbb) and the number of points of each value in the legend."""
    script = "find(projector.dataPanel.root, 'vz-projector-legend').renderInfo.items"
    found: list[list[Any]] = _run(
        browser, f"return {script}.map(item => [item.label, item.color, item.count])"
    )
    return {label: (color, count) for label, color, count in found}


def color_options(browser: webdriver.Chrome) -> dict[str, int]:
    """Return the number of different values of each column to color by, 0 for numbers."""
    script = "projector.dataPanel.colorOptions.filter(one => one.map)"
    found: dict[str, int] = _run(
        browser,
        f"return Object.fromEntries({script}.map(one => [one.name, one.items.length]))",
    )
    return found


def label_by(browser: webdriver.Chrome, column: str) -> None:
    """Choose the column by which the points are labeled."""
    _choose(browser, "Label by", column)


def label_share(browser: webdriver.Chrome) -> float:
    """Return the share of the plot that is covered by labels, 0 to 1."""
    script = """
    plot.stopOrbitAnimation();
    plot.render();
    // The page leaves the canvases of earlier data sets in place.
    const canvas = [...projector.$$('#scatter').querySelectorAll('canvas')].pop();
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.filter((value, i) => i % 4 === 3 && value > 0).length / (pixels.length / 4);"""
    return float(_run(browser, script))


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


def _choose(browser: webdriver.Chrome, title: str, name: str) -> None:
    """Choose an item of a drop-down list whose title begins with a text."""
    _click(browser, f"{_MENU} return offset(menu);", title, name)
    _click(browser, _ITEM, title, name)


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
