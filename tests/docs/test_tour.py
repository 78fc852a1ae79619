"""The script that records the animation of the README, run on a small site and report."""

from pathlib import Path

from PIL import Image
from selenium import webdriver

from graph.pages.site import write_site
from imgrec import Store
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from tour import HEIGHT, WIDTH, write_tour


def test_the_animation_of_a_small_site(
    own_store: Path, tmp_path: Path, browser: webdriver.Chrome
) -> None:
    with Store.open(own_store) as store:
        write_site(store, tmp_path / "site")
        write_report(store, tmp_path / "report", ReportOptions(clusters=3, methods=()))
    length_s = write_tour(browser, tmp_path / "site", tmp_path / "report", tmp_path / "tour.webp")
    with Image.open(tmp_path / "tour.webp") as tour:
        assert getattr(tour, "n_frames", 1) > 20
        assert tour.width == WIDTH
        assert tour.height > HEIGHT
    assert length_s > 5
