"""A page of a review with duplicates of every kind and hostile names."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from browser import console_errors
from imgrec import Store
from imgrec.review.page import write_page
from review_in_browser import Made, reload
from review_pages import make_review_store, review_of


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("hostile & <b> ü")
    with Store.open(make_review_store(folder)) as store:
        review = review_of(store)
        page = write_page(store, review, folder / "out", workers=0, page_size=4)
    return page, review


@pytest.fixture
def page(made: Made, browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Open the page with nothing remembered."""
    browser.get(made[0].as_uri())
    browser.execute_script("localStorage.clear()")
    reload(browser, made)
    yield browser
    assert console_errors(browser) == []
