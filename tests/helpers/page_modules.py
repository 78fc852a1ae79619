"""Calls of the modules of the live page in Chromium, and what tests of it wait for."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from selenium import webdriver

_Found = TypeVar("_Found")
_PATIENCE_S = 30
# A function that imports a module by its name, the very one that the page has.
IMPORT = "(name => import(new URL(name, document.querySelector('script[src$=\"/main.js\"]').src)))"
# The policy of the page forbids `eval`: the expression is part of the script.
_CALL = """
  const [module, given, done] = arguments;
  IMPORT(module).then(async (m) => EXPRESSION).then(
    (value) => done({value}), (error) => done({error: String(error?.stack ?? error)}));
"""


def call(browser: webdriver.Chrome, module: str, expression: str, given: object = None) -> Any:
    """Return what a JavaScript expression gives, awaited.

    Args:
        browser: with a page of the server open.
        module: of the page, `m` in the expression, such as "folds.js".
        expression: over `m` and `given`.
        given: a JSON value.
    """
    browser.set_script_timeout(_PATIENCE_S)
    script = _CALL.replace("IMPORT", IMPORT).replace("EXPRESSION", f"({expression})")
    found = browser.execute_async_script(script, module, given)
    assert "error" not in found, found["error"]
    return found.get("value")


def until(ask: Callable[[], _Found], what: str = "") -> _Found:
    """Return the first true answer; fail if there is none in half a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < deadline, what or "it never came to be"
        time.sleep(0.05)
