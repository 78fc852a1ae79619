"""Test the doctor on network sites: a sound site has no findings, and its files are checked."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from edited_sites import change, lines, manifest, only, picture_page, plain
from graph.pages.site import write_site
from imgrec.checks import check_site
from imgrec.checks.site import files as site_files
from imgrec.doctor import main
from imgrec.store.store import Store
from imgrec.system.output_folder import SITE
from site_stores import data_of


def test_a_site_with_bundles_is_sound_and_names_all_their_pictures(
    store: Store, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    ids = store.catalog.ids("ok").tolist()
    write_site(store, site, plain(page_size=4, groups=[ids[:3], ids[5:7]]))
    assert lines(check_site(site)) == []
    page = next(
        page for page in site.glob("pages/*.html")
        if str(ids[1]) in data_of(page)["data"].get("pictures", {})
    )  # fmt: skip
    change(page, lambda data: data["data"]["pictures"].pop(str(ids[1])))
    assert any(f'its data lack the pictures "{ids[1]}"' in line for line in lines(check_site(site)))


def test_ours_is_sound(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = len([sound / "index.html", *sound.glob("pages/*.html")])
    sheets = len(list(sound.glob("contact/*.html")))
    assert pages > 5
    assert main(["--site", str(sound)]) == 0
    line, last = capsys.readouterr().out.splitlines()
    assert line == f"ok       {sound}: {pages} pages, {sheets} contact sheets, 24 pictures"
    assert last.startswith("1 folder checked, 0 errors, 0 warnings, ")


def test_the_format_is_that_of_graph() -> None:
    assert SITE.format == site_files.FORMAT


def test_a_copy_is_sound(site: Path) -> None:
    assert lines(check_site(site)) == []


def test_one_picture_and_many_pages_each(store: Store, tmp_path: Path) -> None:
    for size in (1, 250):
        write_site(store, tmp_path / "site", plain(page_size=size))
        assert lines(check_site(tmp_path / "site")) == []


def test_exit_codes(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "notes.txt").write_text("mine")
    assert main(["--site", str(site)]) == 0
    (site / "assets" / "page.css").unlink()
    assert main(["--site", str(site)]) == 1
    assert main([]) == 2
    captured = capsys.readouterr()
    nothing = "nothing to check: name --store DIR, --logdir DIR or --site DIR"
    assert captured.err == f"imgrec doctor: {nothing}\n"
    with pytest.raises(SystemExit) as stop:
        main(["--site", str(tmp_path / "none")])
    assert stop.value.code == 2


def test_both_are_checked(sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").mkdir()
    assert main(["--site", str(sound), "--logdir", str(tmp_path / "log")]) == 1
    out = capsys.readouterr().out
    assert "error    " in out
    assert f"ok       {sound}: " in out


def test_a_folder_that_is_not_a_site(tmp_path: Path) -> None:
    assert "site.json is absent: this folder was not written by imgrec graph" in only(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 99}', "[" * 100_000])
def test_an_invalid_manifest(site: Path, text: str) -> None:
    (site / "site.json").write_text(text)
    assert only(site).startswith("error")


@pytest.mark.parametrize("files", [None, 3, [3], {"a": 1}])
def test_a_manifest_without_files(site: Path, files: Any) -> None:
    manifest(site, files=files)
    assert "has no list of files" in only(site)


def test_a_manifest_without_a_number(site: Path) -> None:
    manifest(site, pictures="24")
    assert only(site).startswith("warning")


def test_another_number_of_pictures(site: Path) -> None:
    manifest(site, pictures=25)
    assert (
        "24 pictures are on its pages, but site.json says 25; some pictures are on no page"
        in only(site)
    )
    manifest(site, pictures=23)
    assert "some pictures do not belong to the site" in only(site)


def test_a_file_that_the_manifest_does_not_list(site: Path) -> None:
    (site / "pages" / "notes.txt").write_text("mine")
    line = only(site)
    assert line.startswith("warning")
    assert 'site.json does not list "pages/notes.txt"' in line


def test_a_file_that_is_gone(site: Path) -> None:
    (site / "assets" / "panel.js").unlink()
    found = lines(check_site(site))
    assert any('site.json lists "assets/panel.js", which is absent' in line for line in found)
    assert sum("leads to assets/panel.js, which is absent; a part of the page" in f for f in found)


def test_no_first_page(site: Path) -> None:
    (site / "index.html").unlink()
    assert any("the site has no first page to open" in line for line in lines(check_site(site)))


def test_a_page_that_is_gone(site: Path) -> None:
    page = picture_page(site)
    page.unlink()
    found = "\n".join(lines(check_site(site)))
    assert f"leads to pages/{page.name}, which is absent; a click shows" in found
    assert re.search(rf'its most similar pictures "{page.name}#\d+".* do not exist', found)
    assert "pictures are on its pages, but site.json says 24" in found


def test_a_site_of_odd_names_is_sound(odd_store: tuple[Path, Any], tmp_path: Path) -> None:
    shutil.copytree(odd_store[0], tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        write_site(store, tmp_path / "site", plain(page_size=3))
    assert lines(check_site(tmp_path / "site")) == []
