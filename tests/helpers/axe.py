"""What axe-core finds wrong with a page that is open in Chromium."""

from importlib.resources import files
from typing import Any

from selenium import webdriver

_TIMEOUT_S = 120
# Without `preload` it fetches no style sheets, which the pages forbid.
_RUN = """
  const done = arguments[0];
  axe.run(document, {resultTypes: ["violations"], preload: false}).then(
    found => done(found.violations), error => done([{id: String(error)}]));
"""


def violations(browser: webdriver.Chrome) -> list[str]:
    """Return one line for each rule that the open page violates: the rule, and the first element.

    The page's own policy allows no script; the driver runs axe-core past it.
    """
    source = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    browser.set_script_timeout(_TIMEOUT_S)
    browser.execute_script(source)
    found: list[dict[str, Any]] = browser.execute_async_script(_RUN)
    return [_line(one) for one in found]


def _line(violation: dict[str, Any]) -> str:
    nodes = violation.get("nodes", [])
    first = f": {nodes[0]['html'][:200]}" if nodes else ""
    return f"{violation['id']}, {len(nodes)} times{first}"
