"""Open the page in the browser, without its token in the arguments of a process."""

import html
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={address}">
<title>imgrec</title>
<a href="{address}">Open the page</a>
"""


@contextmanager
def opened_in_browser(address: str) -> Iterator[None]:
    """Open an address in the browser; during the block a file is there that leads to it.

    Other users of the machine see the arguments of processes, so the browser is given a file that
    only this user can read.
    """
    with tempfile.TemporaryDirectory(prefix="imgrec-") as folder:
        page = Path(folder, "open.html")
        page.write_text(_PAGE.format(address=html.escape(address)), "utf-8")
        webbrowser.open(page.as_uri())
        yield
