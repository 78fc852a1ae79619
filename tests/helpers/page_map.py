"""The map in the live page: asked, and waited for."""

from typing import Any

from live_page import Page
from page_modules import IMPORT, call, until

_READY = "return document.querySelector('#map .imgrec-map.ready')"
_AT_REST = (
    f"const load = {IMPORT};"
    """
  const done = arguments[0];
  load("on-map.js").then((m) => m.atlas()).then((atlas) => {
    const { scene } = atlas.view.core;
    const look = (left) => requestAnimationFrame(() => {
      if (scene.isMoving) done(false); else if (left) look(left - 1); else done(true);
    });
    look(3);
  });
"""
)


def atlas(page: Page, expression: str, given: object = None) -> Any:
    """Return what an expression over the mounted map gives: `atlas`, its `view` and `core`."""
    parts = "((atlas, view, core) => EXPRESSION)(a, a.view, a.view.core)"
    body = parts.replace("EXPRESSION", expression)
    return call(page.browser, "on-map.js", f"m.atlas().then((a) => {body})", given)


def rest(page: Page) -> None:
    """Wait until the map is there, and nothing moves on it."""
    page.wait(_READY)
    until(lambda: page.browser.execute_async_script(_AT_REST), "the map never came to rest")


def painted(page: Page) -> list[int] | None:
    found: list[int] | None = atlas(page, "core.distances && [...core.distances]")
    return found
