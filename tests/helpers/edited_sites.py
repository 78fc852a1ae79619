"""Network sites with a fault put into them, and what the doctor finds there."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec.checks import CheckReport, check_site
from imgrec.store.store import Store
from site_stores import data_of

_DATA = re.compile(r'(<script type="application/json" id="page">)(.*?)(</script>)', re.DOTALL)


def plain(**options: Any) -> SiteOptions:
    """A site of pages without a map, with every picture on its own, drawn in this process."""
    return SiteOptions(**{"groups": (), "workers": 0, "map": False} | options)


def sound_site(store: Path, folder: Path, page_size: int) -> Path:
    """Write a plain site of a copy of a store into a folder; return its path."""
    shutil.copytree(store, folder / "store")
    with Store.open(folder / "store") as opened:
        write_site(opened, folder / "site", plain(page_size=page_size))
    return folder / "site"


def replace_data(page: Path, html: str) -> None:
    """Put markup in the place of the element that holds a page's data."""
    page.write_text(_DATA.sub(lambda found: html, page.read_text("utf-8")), "utf-8")


def write_data(page: Path, data: Any) -> None:
    changed = json.dumps(data).replace("<", "\\u003c")
    text = page.read_text("utf-8")
    page.write_text(_DATA.sub(lambda found: found[1] + changed + found[3], text), "utf-8")


def change(page: Path, edit: Callable[[Any], object]) -> None:
    """Edit the embedded data of a page."""
    data = data_of(page)
    edit(data)
    write_data(page, data)


def replace(page: Path, old: str, new: str) -> None:
    text = page.read_text("utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), "utf-8")


def add(page: Path, html: str) -> None:
    replace(page, "<main>", f"<main>{html}")


def picture_page(site: Path) -> Path:
    """Return a page of pictures that have neighbors on other pages."""
    for page in sorted(site.glob("pages/*.html")):
        near = [
            row for of_one in data_of(page)["data"].get("pictures", {}).values()
            for row in of_one["near"] if len(row) > 4
        ]  # fmt: skip
        if near:
            return page
    raise AssertionError("no page links to another")


def sheet_of(page: Path) -> Path:
    return Path(page.parent, data_of(page)["sheet"]).resolve()


def manifest(site: Path, **changes: Any) -> None:
    described = json.loads((site / "site.json").read_text("utf-8")) | changes
    (site / "site.json").write_text(json.dumps(described), "utf-8")


def lines(report: CheckReport) -> list[str]:
    return [f"{f.severity} {f.place}: {f.problem}; {f.effect}" for f in report.findings]


def only(site: Path) -> str:
    """Check a site and return its only finding as a line."""
    (line,) = lines(check_site(site))
    return line
