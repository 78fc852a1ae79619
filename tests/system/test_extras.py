"""A missing optional package: a one-line error with the command that installs its extra."""

import io
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Options, Store, index_folders
from imgrec.errors import ImgrecError
from imgrec.system.extras import install_line, require
from paths import ROOT
from pictures import picture

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Runs a module like `python -m`, in a process in which some packages cannot be imported.
BLOCKED = """
import runpy, sys
blocked = set(sys.argv.pop(1).split(","))
class Finder:
    def __init__(self, finder): self.finder = finder
    def __getattr__(self, name): return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in blocked:
            return self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Finder(finder) for finder in sys.meta_path]
sys.argv[0] = sys.argv[1]
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def without(packages: str, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as if some packages were not installed."""
    command = [sys.executable, "-c", BLOCKED, packages, module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_checking_for_a_package_does_not_import_it() -> None:
    code = (
        "import sys; from imgrec.system.extras import require\n"
        "require('pyarrow', extra='parquet', why='a test'); print('pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_error_names_the_package_its_purpose_and_the_install_command() -> None:
    with pytest.raises(ImgrecError) as caught:
        require("no_such_package", extra="parquet", why="a test")
    assert str(caught.value) == (
        "a test needs no_such_package, which is not installed: pip install 'imgrec[parquet]'"
    )


def test_a_redis_cache_without_the_extra(photo_store: Path, photos: Path) -> None:
    with Store.open(photo_store) as store:
        name = store.catalog.entries(store.catalog.ids("ok"))[0].path
    arguments = [str(photos / name), "--store", str(photo_store), "-k", "2"]
    done = without("redis", "imgrec.query", *arguments, "--cache", "redis://me:secret@host:1/0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(
        "the vector cache redis://host:1/0 needs redis, which is not installed: "
        "pip install 'imgrec[redis]'\n"
    )
    assert without("redis", "imgrec.query", *arguments).returncode == 0


def test_a_parquet_table_without_the_extra(own_store: Path, tmp_path: Path) -> None:
    table = tmp_path / "network.parquet"
    done = without("pyarrow", "graph", "--store", str(own_store), "--parquet", str(table))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(
        "a Parquet table needs pyarrow, which is not installed: pip install 'imgrec[parquet]'\n"
    )
    assert not table.exists()


def test_a_parquet_file_of_vectors_without_the_extra(own_store: Path, tmp_path: Path) -> None:
    (tmp_path / "v.parquet").touch()
    vectors = f"made={tmp_path / 'v.parquet'}"
    done = without("pyarrow", "imgrec.index", "--vectors", vectors, "--store", str(own_store))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(
        "v.parquet needs pyarrow, which is not installed: pip install 'imgrec[parquet]'\n"
    )


def test_heic_files_wait_for_the_extra(tmp_path: Path) -> None:
    photos, store_path = tmp_path / "photos", tmp_path / "store"
    photos.mkdir()
    picture("discs", 0, (40, 30)).save(photos / "a.jpg")
    (photos / "phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(64))
    (photos / "PHONE.HEIF").write_bytes(b"\x00\x00\x00\x18ftypmif1" + bytes(64))
    arguments = [str(photos), "--store", str(store_path), "--encoder", "mini", "--workers", "0"]
    for _ in range(2):
        done = without("pillow_heif", "imgrec.index", *arguments)
        assert done.returncode == 0, done.stderr
        line = "2 HEIC files not read yet: pip install 'imgrec[heic]' to read such files"
        assert done.stdout.splitlines().count(line) == 1
        assert "phone" not in done.stderr.lower()
        assert done.stdout.splitlines()[-1].startswith("1 picture, 2 not read, ")
    # With it they are read, and these two are no pictures.
    pytest.importorskip("pillow_heif")
    counts = index_folders([], store_path, Options(encoders=("mini",), workers=0)).counts
    assert (counts["ok"], counts["failed"], counts["new"]) == (1, 2, 0)


def test_heic_pictures_that_were_read_stay_without_the_extra(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    photos, store_path = tmp_path / "photos", tmp_path / "store"
    photos.mkdir()
    picture("discs", 0, (64, 48)).save(photos / "a.jpg")
    picture("discs", 1, (64, 48)).save(photos / "b.heic")
    index_folders([photos], store_path, Options(encoders=("rgb",), workers=0))
    # Another encoder would read both.
    arguments = ["--store", str(store_path), "--encoder", "mini", "--workers", "0", "-v"]
    done = without("pillow_heif", "imgrec.index", *arguments)
    assert done.stdout.startswith("2 pictures, 0 failed, 0 missing\n"), done.stdout + done.stderr
    assert "formats: 1 JPEG, 1 HEIF\n" in done.stdout or "1 HEIF, 1 JPEG" in done.stdout
    with Store.open(store_path) as store:
        assert [len(store.feature(name)) for name in ("rgb", "mini")] == [2, 1]
    index_folders([], store_path, Options(encoders=("mini",), workers=0))
    with Store.open(store_path) as store:
        assert [len(store.feature(name)) for name in ("rgb", "mini")] == [2, 2]


def test_heic_pictures_are_read_with_the_extra() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    from imgrec.pictures.decoding import decode

    pillow_heif.register_heif_opener()
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(written, "HEIF", quality=90)
    found = decode(written.getvalue())
    assert (found.format, found.width, found.height) == ("HEIF", 64, 48)
    red, green, blue = found.image.resize((1, 1)).getpixel((0, 0))
    assert abs(red - 200) < 8
    assert max(green, blue) < 50


@pytest.mark.parametrize("extra", ["heic", "models", "parquet", "redis"])
def test_the_install_command_names_a_declared_extra(extra: str) -> None:
    assert extra in PROJECT["optional-dependencies"]
    assert install_line(extra) == f"pip install 'imgrec[{extra}]'"


def test_redis_is_not_a_required_dependency() -> None:
    assert not [line for line in PROJECT["dependencies"] if line.startswith("redis")]
