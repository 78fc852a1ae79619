"""The page names its server's addresses relative to itself: it may lie below any path."""

import re

import pytest

from paths import ROOT

_PAGE = ROOT / "imgrec" / "serving" / "page"
_ABSOLUTE = re.compile(r"""["'`(]/(?:api|page|files)\b|(?:src|href)="/""")


@pytest.mark.parametrize("path", sorted(_PAGE.iterdir()), ids=lambda path: path.name)
def test_no_address_begins_at_the_root(path: object) -> None:
    text = _PAGE.joinpath(str(path)).read_text("utf-8")
    assert _ABSOLUTE.findall(text) == []


@pytest.mark.parametrize(
    "text", ['"/api/list"', "`/api/thumb/${id}`", '<a href="/">', "url(/page/x)"]
)
def test_an_absolute_address_is_found(text: str) -> None:
    assert _ABSOLUTE.search(text)
