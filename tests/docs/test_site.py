"""The documentation site: the strict build succeeds, and no page loads from another host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from browser import console_errors, requests
from paths import ROOT

pytestmark = pytest.mark.skipif(
    not find_spec("material") or not find_spec("mkdocstrings"),
    reason="mkdocs-material is not installed (pip install 'imgrec[docs]')",
)
# Elements whose address a browser loads without a click; links (`a`) are left out.
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == _LOADED.get(tag) or name == "srcset":
                self.addresses.append(value or "")


def test_every_page_exists_and_loads_only_files_of_the_site(site: Path) -> None:
    pages = {page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")}
    for page in pages:
        html = site / page.with_suffix(".html")
        loads = _Loads()
        loads.feed(html.read_text("utf-8"))
        assert len(loads.addresses) >= 4
        for address in loads.addresses:
            if address.startswith("data:"):
                continue
            parts = urlsplit(address)
            assert not parts.scheme and not parts.netloc, f"{page}: {address}"
            assert (html.parent / parts.path).is_file(), f"{page}: {address}"


def test_styles_load_nothing_from_outside(site: Path) -> None:
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        text = style.read_text("utf-8")
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text), style


def test_the_search_works_on_pages_opened_from_disk(site: Path, browser: webdriver.Chrome) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    requests(browser)
    console_errors(browser)
    browser.get((site / "index.html").as_uri())
    browser.execute_script("document.querySelector('[data-md-toggle=search]').click()")  # type: ignore[no-untyped-call]
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    field.send_keys("relocate")
    found = WebDriverWait(browser, 20).until(
        lambda b: b.find_elements(By.CSS_SELECTOR, ".md-search-result__link")
    )
    assert any("commands/index.html" in (link.get_attribute("href") or "") for link in found)
    assert not [address for address in requests(browser) if address.startswith("http")]
    assert not console_errors(browser)
