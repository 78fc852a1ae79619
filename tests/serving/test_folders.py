"""The network site and the report, served beside the live page, in a sandbox of their own."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import console_errors, requests
from graph.pages.site import write_site
from guarded_server import GuardedServer, guarded, parts, status
from imgrec.serving.folders import TYPES, Folders
from imgrec.store.running import said_to_run
from imgrec.store.store import Store
from reports import write
from site_in_browser import until

_FETCH = """
const done = arguments[0];
fetch('/api/store', {credentials: 'include'}).then(r => done('read'), () => done('refused'));
"""


@pytest.fixture(scope="module")
def made(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the store, with a site and a report beside it."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_site(store, folder / "network")
    write(folder / "store", folder / "report", "--maps", "none", "--clusters", "3")
    return folder


@pytest.fixture(scope="module")
def server(made: Path) -> Iterator[GuardedServer]:
    with guarded(made / "store") as running:
        yield running


def _links(server: GuardedServer) -> dict[str, str]:
    return server.folders.links(server.access.files)


def test_the_site_and_the_report_of_the_store_are_served(server: GuardedServer, made: Path) -> None:
    links = _links(server)
    assert list(links) == ["site", "report"]
    for name, folder in (("site", "network"), ("report", "report")):
        answer = server.ask("GET", links[name], token=False)
        headers, body = parts(answer)
        assert status(answer) == 200
        assert body == (made / folder / "index.html").read_bytes()
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "sandbox allow-scripts" in headers["content-security-policy"]
        assert "allow-same-origin" not in headers["content-security-policy"]


def test_every_file_that_imgrec_wrote_is_served_in_its_type(
    server: GuardedServer, made: Path
) -> None:
    kinds = set()
    for name, folder in (("site", made / "network"), ("report", made / "report")):
        start = _links(server)[name].removesuffix("index.html")
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"]
        assert files
        for path in files:
            place = path.relative_to(folder).as_posix()
            headers, body = parts(server.ask("GET", start + place, token=False))
            assert body == path.read_bytes(), place
            kinds.add((path.suffix, headers["content-type"].partition(";")[0]))
    pages = {(".html", "text/html"), (".js", "text/javascript"), (".css", "text/css")}
    pictures = {(".jpg", "image/jpeg"), (".svg", "image/svg+xml"), (".png", "image/png")}
    assert kinds >= pages | pictures
    assert kinds <= {(suffix, kind.partition(";")[0]) for suffix, kind in TYPES.items()}


def test_without_the_secret_nothing_is_served_even_with_the_token(server: GuardedServer) -> None:
    link = _links(server)["site"].replace(server.access.files, server.access.token)
    assert status(server.ask("GET", link)) == 404
    assert status(server.ask("GET", link.replace(server.access.token, "x"))) == 404


@pytest.fixture
def folders(made: Path, tmp_path: Path) -> Folders:
    """Return the folders of a copy that a test may change."""
    shutil.copytree(made, tmp_path / "made")
    return Folders(tmp_path / "made" / "store")


@pytest.mark.parametrize(
    "file",
    ["", ".", "..", "site.json", "report.json", "../store/store.json", "assets/../index.html",
     "pages/../../store/catalog.sqlite", "/etc/passwd", "assets//page.css", "./index.html",
     "index.html/", "index.html\0", "INDEX.HTML", "assets/.hidden.js", "assets/x.exe", "notes.html",
     "pages/community-1.html.bak", "pages/community-1.js", "assets\\page.css", "a" * 5000],
)  # fmt: skip
def test_no_other_file_is_served(folders: Folders, tmp_path: Path, file: str) -> None:
    (tmp_path / "made" / "network" / "notes.html").write_text("mine")
    for name in ("site", "report"):
        assert folders.reply(name, file).status == 404
    assert folders.reply("site", "index.html").status == 200
    assert folders.reply("store", "index.html").status == 404
    assert folders.reply("..", "index.html").status == 404


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_in_a_folder_is_not_followed(folders: Folders, tmp_path: Path) -> None:
    secret, site = tmp_path / "secret.css", tmp_path / "made" / "network"
    secret.write_text("secret")
    (site / "assets" / "page.css").unlink()
    (site / "assets" / "page.css").symlink_to(secret)
    assert folders.reply("site", "assets/page.css").status == 404
    shutil.move(site / "sheets", tmp_path / "sheets")
    (site / "sheets").symlink_to(tmp_path / "sheets")
    assert folders.reply("site", "sheets/index.jpg").status == 404
    (site / "assets" / "page.css").unlink()
    os.mkfifo(site / "assets" / "page.css")
    assert folders.reply("site", "assets/page.css").status == 404


def test_folders_of_another_store_are_not_served(made: Path, tmp_path: Path) -> None:
    """A store of somebody else may name any folder as its site."""
    shutil.copytree(made / "store", tmp_path / "store")
    (tmp_path / "store" / "graph.json").write_text(
        json.dumps({"site": os.path.relpath(made / "network", tmp_path / "store")})
    )
    shutil.copytree(made / "report", tmp_path / "report" / "inner")
    assert Folders(tmp_path / "store").links("x") == {}
    assert Folders(tmp_path / "store", made / "report").links("x") == {}


def test_a_site_is_linked_as_soon_as_it_is_there(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "store", tmp_path / "store")
    folders = Folders(tmp_path / "store")
    assert folders.links("x") == {}
    with Store.open(tmp_path / "store") as store:
        write_site(store, tmp_path / "site")
    assert folders.links("x") == {"site": "/files/x/site/index.html"}
    assert folders.reply("site", "index.html").status == 200


def test_pages_written_while_it_runs_link_to_it(made: Path, tmp_path: Path) -> None:
    def live() -> str:
        with Store.open(tmp_path / "store") as store:
            write_site(store, tmp_path / "site")
        write(tmp_path / "store", tmp_path / "report", "--maps", "none", "--clusters", "3")
        script = (tmp_path / "site" / "assets" / "live.js").read_text("utf-8").splitlines()[1]
        assert ("The live page" in (tmp_path / "report" / "index.html").read_text("utf-8")) == (
            script != 'const LIVE = "";'
        )
        return script

    shutil.copytree(made / "store", tmp_path / "store")
    with guarded(tmp_path / "store") as server, said_to_run(tmp_path / "store", server.port):
        assert live() == f'const LIVE = "http://127.0.0.1:{server.port}/";'
    assert live() == 'const LIVE = "";'


def _opened(browser: Chrome, address: str) -> None:
    browser.get("about:blank")
    requests(browser)
    console_errors(browser)
    browser.get(address)


def test_the_site_works_in_its_sandbox_and_reads_no_answer(
    browser: Chrome, server: GuardedServer
) -> None:
    origin = f"http://127.0.0.1:{server.port}"
    # The browser has the cookie, and the page of the site gets nothing by it.
    browser.get(f"{origin}/?token={server.access.token}")
    assert browser.execute_async_script(_FETCH) == "read"
    _opened(browser, origin + _links(server)["site"])
    until(browser, "return window.imgrecDrawn")
    assert console_errors(browser) == []
    assert browser.execute_script("return self.origin") == "null"
    # Its search finds pictures, from scripts that it loads when one types.
    until(browser, "return !document.querySelector('.search').hidden")
    browser.find_element(By.ID, "query").send_keys("color:red")
    until(browser, "return document.querySelector('#found [role=option]')")
    link = browser.execute_script("return document.getElementById('to-live').href")
    assert link == f"{origin}/"
    assert console_errors(browser) == []
    assert browser.execute_async_script(_FETCH) == "refused"
    with pytest.raises(Exception, match="sandboxed"):
        browser.execute_script("return document.cookie")
    assert all(one.startswith(origin) for one in requests(browser))


def test_the_report_works_in_its_sandbox(browser: Chrome, server: GuardedServer) -> None:
    origin = f"http://127.0.0.1:{server.port}"
    _opened(browser, origin + _links(server)["report"])
    assert browser.execute_script("return document.querySelectorAll('figure svg').length") > 3
    assert console_errors(browser) == []
    site = browser.execute_script(
        "return [...document.querySelectorAll('#links a')].map(link => link.href)[0]"
    )
    browser.get(site)
    until(browser, "return window.imgrecDrawn")
    assert console_errors(browser) == []
