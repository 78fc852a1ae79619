"""Test the report command: the files it writes, their content, and its error messages."""

import hashlib
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Options, index_folders
from imgrec.report import main
from imgrec.reporting.links import address, logdir_beside
from imgrec.reporting.page import told
from imgrec.store.store import Store
from pictures import picture
from projector.export import ProjectorOptions, write_logdir
from reports import add_classes, write
from stores import HERE, nothing_can_be_written
from vector_stores import clustered, make

_SECTIONS = [
    *("classes", "clusters", "maps", "timeline", "metadata", "health", "pictures", "neighbors"),
    *("training", "links"),
]


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def report(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a store with classes by two classifiers."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(photo_store, folder / "store")
    add_classes(folder / "store", "one_net", "two_net")
    return write(folder / "store", folder / "out").parent


def test_the_page_has_all_sections_and_every_figure_is_a_file_too(report: Path) -> None:
    html = (report / "index.html").read_text("utf-8")
    assert re.findall(r'<section id="([a-z]+)"', html) == _SECTIONS
    figures = re.findall(r'<figure id="figure-([a-z-]+)"', html)
    assert {
        *("classes", "confidence", "agreement", "disagreements", "clusters", "cluster-sheet"),
        *("map-pca", "map-umap", "map-tsne", "formats", "megapixels", "bytes", "aspect"),
        *("orientation", "colors", "nearest", "outliers", "precision", "diverse", "flaws"),
        *("sharpness", "brightness", "clipped", "picture-flaws"),
    } <= set(figures)
    assert len(set(figures)) == len(figures)
    there = {path.name for path in (report / "figures").iterdir()}
    assert there == {f"{name}.{suffix}" for name in figures for suffix in ("png", "svg")}
    described = json.loads((report / "report.json").read_text("utf-8"))
    tables = {path.name for path in (report / "tables").iterdir()}
    assert {"outliers.csv", "diverse.csv"} <= tables <= {f"{name}.csv" for name in figures}
    assert set(described["files"]) == {
        "index.html",
        *(f"figures/{name}" for name in there),
        *(f"tables/{name}" for name in tables),
    }
    assert described["pictures"] == 24
    for name in there:
        if name.endswith(".png"):
            with Image.open(report / "figures" / name) as image:
                assert image.width in (880, 2080)
                assert len(image.convert("L").getcolors()) > 3


def test_every_figure_has_a_title_a_caption_and_alternative_text(report: Path) -> None:
    html = (report / "index.html").read_text("utf-8")
    figures = html.split("<figure ")[1:]
    for figure in figures:
        assert re.search(r"<h3>[^<]{5,}</h3>", figure)
        assert re.search(r"<figcaption>.*?<p>.{40,}?</p>", figure, re.DOTALL)
        alts = re.findall(r'role="(?:img|group)" aria-label="([^"]{20,})"', figure)
        assert len(alts) == figure.count("<svg ") > 0
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="https?:', html)


def test_the_same_store_and_seed_give_the_same_bytes(report: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(report.parent / "store", tmp_path / "store"))
    for made in ("layouts", "knn", "indexes"):
        shutil.rmtree(store / made)
    page = write(store, tmp_path / "out")
    # Commands in the page name the store, which is elsewhere.
    html = page.read_text("utf-8").replace(f"--store {store}", f"--store {report.parent / 'store'}")
    page.write_text(html, "utf-8")
    assert contents(page.parent) == contents(report)


def test_another_seed_gives_another_map(own_store: Path, tmp_path: Path) -> None:
    first, second = (
        write(own_store, tmp_path / seed, "--seed", seed, "--maps", "umap").parent
        for seed in ("0", "1")
    )
    assert not (first / "figures" / "map-tsne.svg").exists()
    differ = {name for name, file in contents(first).items() if contents(second)[name] != file}
    assert differ == {"index.html", "figures/map-umap.svg", "figures/map-umap.png"}


def test_more_clusters_than_the_pictures_have_are_told(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(own_store, tmp_path / "out", "--maps", "none", "--clusters", "9999")
    assert "imgrec report: --clusters 9,999: 24 pictures of mini have " in capsys.readouterr().err


def test_without_classes_and_maps_a_line_says_so(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = write(own_store, tmp_path / "out", "--maps", "none", "--clusters", "3")
    html = page.read_text("utf-8")
    assert "The store holds no classes." in html
    assert f"<code>imgrec index --store {own_store} --encoder lite0</code>" in html
    assert "t-SNE and UMAP were left out." in html
    assert "3 clusters" in html
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("24 pictures, 9 sections, ")
    assert line.endswith(f": {page}")
    with Store.open(own_store) as store:
        assert store.catalog.labels.values("cluster") == ["1", "2", "3"]


def test_a_folder_with_other_files_is_never_replaced(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write(own_store, tmp_path / "out", "--maps", "none").parent
    (out / "mine.txt").write_text("precious")
    write(own_store, out, "--maps", "none", code=2)
    assert "holds mine.txt, which is not part of the report" in capsys.readouterr().err
    (out / "mine.txt").unlink()
    write(own_store, out, "--maps", "none")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    write(own_store, tmp_path / "photos", code=2)
    (tmp_path / "file").write_text("x")
    write(own_store, tmp_path / "file", code=2)
    errors = capsys.readouterr().err.splitlines()
    assert [("no report of ours" in e, "is a file" in e) for e in errors] == [
        (True, False), (False, True)
    ]  # fmt: skip
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"x"


def test_a_report_that_fails_leaves_the_old_one(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = write(own_store, tmp_path / "out", "--maps", "none").parent
    before = contents(out)
    shutil.rmtree(own_store / "thumbs")
    write(own_store, out, "--maps", "none", code=2)
    assert "no thumbnail of picture" in capsys.readouterr().err
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "resnet50"], "has no feature 'resnet50'"),
        (["--maps", "umap,mds"], "'mds' is no map (there: umap, tsne, or none)"),
        (["--clusters", "0"], "0 is not 1 or more"),
        (["--site", "nowhere"], "nowhere is no folder"),
        (["--logdir", "nowhere"], "nowhere is no folder"),
        (["--seed", "-1"], "-1 is not 0 or more"),
    ],
)
def test_wrong_arguments_are_reported_in_one_line(
    options: list[str],
    said: str,
    photo_store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["--store", str(photo_store), "--out", str(tmp_path / "out"), *options]
    try:
        code = main(argv)
    except SystemExit as left:
        code = int(left.code or 0)
    error = capsys.readouterr().err
    assert code == 2
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_store_without_pictures_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path / "store", {"flat": clustered(3, 4)})
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing'")
    write(path, tmp_path / "out", code=2)
    assert "has no readable picture with flat vectors" in capsys.readouterr().err


@pytest.mark.parametrize(("count", "equal"), [(1, False), (2, True), (9, True)])
def test_few_and_equal_pictures_have_a_report(count: int, equal: bool, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(count):
        picture("discs", 0 if equal else number).save(tmp_path / "photos" / f"{number}.png")
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    html = write(tmp_path / "store", tmp_path / "out").read_text("utf-8")
    assert f">{count}</dd>" in html
    assert ("figure-nearest" in html) == (count > 1)
    assert ("Identical files" in html) == equal
    assert "The folders cannot serve as ground truth here" in html


def test_a_read_only_store_can_be_reported(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nothing_can_be_written(own_store):
        page = write(own_store, tmp_path / "out", "--maps", "none", "--clusters", "4")
    assert "cluster labels were not kept" in capsys.readouterr().err
    assert page.is_file()


def test_failed_files_are_reported_by_reason(
    odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    store = Path(shutil.copytree(odd_store[0], tmp_path / "store"))
    page = write(store, tmp_path / "out", "--maps", "none")
    html = page.read_text("utf-8")
    svg = (tmp_path / "out" / "figures" / "failures.svg").read_text("utf-8")
    for reason in set(odd_store[1].values()) - {"ok"}:
        assert f">{reason}<" in svg
    assert "figure-duplicates" in html
    for evil in ("<img src=x", "<script", "alert(1)>"):
        assert evil not in html


def test_the_report_links_to_the_site_and_the_logdir_beside_it(
    own_store: Path, tmp_path: Path
) -> None:
    from graph.__main__ import main as write_graph

    site = tmp_path / "my site"
    assert write_graph(["--store", str(own_store), "--out", str(site), "--workers", "0"]) == 0
    logdir = own_store.parent / "log dir"
    with Store.open(own_store) as store:
        write_logdir(store, logdir, options=ProjectorOptions(methods=(), workers=0))
    # Another one, of nothing, comes before it by name.
    (own_store.parent / "a log").mkdir()
    (own_store.parent / "a log" / "projector.json").write_text("{}")
    html = write(own_store, tmp_path / "out", "--maps", "none").read_text("utf-8")
    links = re.findall(r'<a href="(\.\./[^"]+)"', html)
    assert links[0] == "../my%20site/index.html"
    assert len(links) > 1
    for link in links:
        assert (tmp_path / "out" / link.replace("%20", " ")).is_file()
    assert logdir_beside(own_store, tmp_path / "out") == logdir.resolve()
    assert "imgrec tensorboard --logdir " in html
    assert address(tmp_path / "a", tmp_path / "ü b.html") == "../%C3%BC%20b.html"
    shutil.rmtree(site)
    html = write(own_store, tmp_path / "out", "--maps", "none").read_text("utf-8")
    assert "There is no network of communities yet" in html


def test_text_is_escaped_before_backticks_become_code() -> None:
    assert told("a `b <c>` & \x00") == "a <code>b &lt;c&gt;</code> &amp;  "


def test_the_feature_can_be_chosen(photos: Path, tmp_path: Path) -> None:
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    html = write(tmp_path / "store", tmp_path / "out", "--encoder", "rgb", "--maps", "none")
    assert "rgb, 768 dimensions" in html.read_text("utf-8")
    with Image.open(io.BytesIO((tmp_path / "out/figures/clusters.png").read_bytes())) as image:
        assert image.size[0] == 2080
