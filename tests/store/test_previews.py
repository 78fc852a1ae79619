"""Previews: made when asked for, kept with the store, checked, refused where they are hostile."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec import Options, Store, index_folders
from imgrec.checks import check_store
from imgrec.pictures.decoding import Scales, decode
from imgrec.pictures.preview_file import open_preview, preview_size
from imgrec.pictures.scaling import webp_of
from imgrec.review.previews import Wanted, kept
from imgrec.store.parts import write_part
from imgrec.store.previews import preview_files
from pictures import picture

ON = Options(encoders=("mini",), workers=0, previews=512)
AGAIN = Options(encoders=("mini",), workers=0)


def webp(side: int = 40, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture("discs", 1, (side, side)).save(buffer, "WEBP", **how)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a store of three pictures with previews, ids 1 to 3 by size."""
    (tmp_path / "photos").mkdir()
    for number, side in enumerate((90, 700, 1500)):
        picture("discs", number, (side, side // 2)).save(tmp_path / f"photos/{number}.png")
    index_folders([tmp_path / "photos"], tmp_path / "store", ON)
    return tmp_path / "store"


def sizes(path: Path) -> dict[int, tuple[int, int]]:
    with Store.open(path) as store:
        found = store.previews()
        assert found is not None
        return {i: preview_size(found.get(i) or b"") for i in found.ids.tolist()}


def test_a_preview_is_the_picture_at_its_size(path: Path) -> None:
    assert sizes(path) == {1: (90, 45), 2: (512, 256), 3: (512, 256)}
    with Store.open(path) as store:
        previews = store.previews()
        assert previews is not None and previews.get(4) is None
        for entry in store.catalog.entries(store.catalog.ids("ok")):
            scales = Scales(decode(Path(entry.location).read_bytes()).image)
            with open_preview(previews.get(entry.id) or b"") as image:
                shown = np.asarray(image.convert("RGB"), np.float64)
            expected = np.asarray(scales.fitted(512), np.float64)
            assert abs(shown - expected).mean() < 8


def test_later_runs_make_them_too(path: Path) -> None:
    picture("stripes", 5, (600, 600)).save(path.with_name("photos") / "new.png")
    assert index_folders([], path, AGAIN).warnings == []
    assert sizes(path)[4] == (512, 512)
    assert index_folders([], path, AGAIN).done == 0


def test_a_store_of_before_gets_them_by_one_more_reading(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture("checks", 1, (600, 300)).save(tmp_path / "photos/a.png")
    index_folders([tmp_path / "photos"], tmp_path / "store", AGAIN)
    with Store.open(tmp_path / "store") as store:
        assert store.previews() is None and not store.paths.previews.exists()
        before = store.feature("mini").load().tobytes()
    assert index_folders([], tmp_path / "store", ON).done == 1
    assert sizes(tmp_path / "store") == {1: (512, 256)}
    with Store.open(tmp_path / "store") as store:
        assert store.feature("mini").load().tobytes() == before


def test_without_the_setting_they_are_not_used_and_not_deleted(path: Path) -> None:
    off = Options(encoders=("mini",), workers=0, previews=0)
    (line,) = index_folders([], path, off).warnings
    assert line == (
        f"previews are not made any more, and those there are not used: delete {path / 'previews'}"
    )
    with Store.open(path) as store:
        assert store.previews() is None and store.preview_px == 0
    assert len(list((path / "previews").iterdir())) == 1
    assert index_folders([], path, AGAIN).warnings == []
    assert index_folders([], path, ON).done == 0 and len(sizes(path)) == 3


def test_another_size_is_of_new_pictures(path: Path) -> None:
    picture("stripes", 5, (1600, 1600)).save(path.with_name("photos") / "new.png")
    larger = Options(encoders=("mini",), workers=0, previews=1024)
    (line,) = index_folders([], path, larger).warnings
    assert "keep their 512 px" in line and "for 1024 px" in line
    assert sizes(path) == {1: (90, 45), 2: (512, 256), 3: (512, 256), 4: (1024, 1024)}


@pytest.mark.parametrize("side_px", [-1, 255, 1025])
def test_sizes_out_of_range_are_refused(side_px: int) -> None:
    with pytest.raises(ValueError, match="give a number of pixels from 256 to 1024"):
        Options(previews=side_px)
    assert Options(previews=256).previews == 256 and Options(previews=1024).previews == 1024


HOSTILE = {
    "empty": b"",
    "a JPEG": b"\xff\xd8\xff\xe0" + bytes(60),
    "short": webp()[:29],
    "cut": webp()[:-1],
    "longer": webp() + b"\0\0",
    "lossless": webp(lossless=True),
    "with metadata": webp(exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
    "too wide": webp_of(Image.new("RGB", (1025, 8))),
    "too high": webp_of(Image.new("RGB", (8, 1025))),
    "no width": webp()[:26] + b"\0\0" + webp()[28:],
    "too many bytes": webp() + bytes(1 << 21),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_preview_is_refused(name: str, path: Path) -> None:
    with pytest.raises(ValueError, match=r"its? "):
        preview_size(HOSTILE[name])
    write_part(path / "previews", 9, preview_files(np.array([2]), [HOSTILE[name]]))
    with Store.open(path) as store:
        found = store.previews()
        assert found is not None and found.get(2) is None and found.get(3) is not None
    report, damaged = check_store(path)
    assert damaged == ["previews/part-000009"]
    assert any("the preview of picture 2 does not decode" in f.problem for f in report.findings)


def test_the_limits_themselves_are_allowed() -> None:
    assert preview_size(webp_of(Image.new("RGB", (1024, 1024)))) == (1024, 1024)
    assert preview_size(webp_of(Image.new("RGB", (1, 1)))) == (1, 1)


def test_the_doctor_finds_a_flipped_bit_and_the_next_run_mends_it(path: Path) -> None:
    file = path / "previews/part-000000/previews.bin"
    before = sizes(path)
    data = bytearray(file.read_bytes())
    file.write_bytes(data[:-1])
    report, damaged = check_store(path)
    assert damaged == ["previews/part-000000"] and report.failed
    index_folders([], path, AGAIN)
    assert sizes(path) == before and not check_store(path)[0].findings


def test_a_site_has_the_previews_of_its_store(path: Path, tmp_path: Path) -> None:
    with Store.open(path) as store:
        write_site(store, tmp_path / "site", SiteOptions(groups=(), workers=0))
        previews = store.previews()
        assert previews is not None
        written = {p.name: p.read_bytes() for p in (tmp_path / "site/previews/0").iterdir()}
        assert written == {f"{i}.webp": previews.get(i) for i in (1, 2, 3)}
        pages = "".join(p.read_text() for p in (tmp_path / "site").rglob("*.html"))
        assert '"previews": true' in pages or '"previews":true' in pages
        write_part(path / "previews", 9, preview_files(np.array([2]), [b"no preview"]))
        write_site(store, tmp_path / "site", SiteOptions(groups=(), workers=0))
        assert not (tmp_path / "site/previews/0/2.webp").exists()
        pages = "".join(p.read_text() for p in (tmp_path / "site").rglob("*.html"))
        assert '"previews": true' not in pages and '"previews":true' not in pages
        write_site(store, tmp_path / "site", SiteOptions(groups=(), workers=0, previews=False))
    assert not (tmp_path / "site/previews").exists()


def test_the_review_takes_them_where_they_are_sound(path: Path) -> None:
    files = [Wanted("/nowhere", "x.png", f"{i}", i) for i in (1, 2, 3, 4)]
    write_part(path / "previews", 9, preview_files(np.array([2]), [b"no preview"]))
    with Store.open(path) as store:
        previews = store.previews()
        assert previews is not None
        assert kept(store, files) == {"1": previews.get(1), "3": previews.get(3)}
    with Store.create(path) as store:
        store.set_preview_px(256)
        assert kept(store, files) == {}
