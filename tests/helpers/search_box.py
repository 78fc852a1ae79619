"""The search box of a site in Chromium, and names for it to find."""

from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

from site_in_browser import until

NAMES = [
    *(f"Été à Séville/plage {i:03d}.jpg".encode() for i in range(16)),
    *(f"東京/夜景{i}.jpg".encode() for i in range(8)),
    *(f"holiday/IMG_{i:04d}.JPG".encode() for i in range(40)),
]


def names_shown(browser: webdriver.Chrome) -> list[str]:
    shown: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('#found b')].map((name) => name.textContent)"
    )
    return shown


def searched(browser: webdriver.Chrome, text: str) -> list[str]:
    """Type into the empty box; wait for the results and return the names shown."""
    browser.execute_script("query.value = ''; told.textContent = ''")
    browser.find_element(By.ID, "query").send_keys(text)
    until(browser, "return /picture|commun|Nothing/.test(told.textContent)")
    return names_shown(browser)


def found_by(browser: webdriver.Chrome, query: str) -> dict[str, Any]:
    """Return the result of a query of the index, without the search box."""
    answer: dict[str, Any] = browser.execute_async_script(
        "const done = arguments[1];"
        "imgrecSearch.find(arguments[0]).then(done, (e) => done(String(e)))",
        query,
    )
    return answer
