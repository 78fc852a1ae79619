"""The page of the duplicates review in Chromium: what it shows, and what is chosen on it."""

from pathlib import Path

from selenium import webdriver

from browser import console_errors, requests
from imgrec.review.review import Review
from site_in_browser import until

# A page and the review that it shows.
Made = tuple[Path, Review]


def reload(browser: webdriver.Chrome, made: Made) -> None:
    browser.get("about:blank")
    requests(browser), console_errors(browser)
    browser.get(made[0].as_uri())
    until(
        browser,
        "return document.querySelector('.file') && !document.getElementById('list').disabled",
    )


def states_shown(browser: webdriver.Chrome) -> dict[str, str]:
    """Return what is said of each file of the page, by its name."""
    script = """
      return [...document.querySelectorAll('.file')].map(
        file => ['.name', '.strip'].map(part => file.querySelector(part).textContent));
    """
    return dict(browser.execute_script(script))


def click(browser: webdriver.Chrome, name: str, selector: str) -> None:
    script = """
      for (const file of document.querySelectorAll('.file'))
        if (file.querySelector('.name').textContent === arguments[0])
          return file.querySelector(arguments[1]).click();
      throw new Error(arguments[0]);
    """
    browser.execute_script(script, name, selector)


def find(browser: webdriver.Chrome, name: str) -> None:
    """Turn the pages until a file is shown."""
    while name not in states_shown(browser):
        assert browser.execute_script("return !document.getElementById('next').disabled")
        browser.execute_script("document.getElementById('next').click()")


def saved(browser: webdriver.Chrome, button: str) -> bytes:
    script = """
      lists.save = parts => { window.saved = parts.flatMap(part => [...part]); };
      document.getElementById('list').click();
      document.getElementById(arguments[0]).click();
      document.querySelector('#make .close').click();
      return window.saved;
    """
    return bytes(browser.execute_script(script, button))
