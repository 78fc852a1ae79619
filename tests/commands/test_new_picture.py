"""A query by a picture that is not in the store imports neither torch nor what else is heavy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Options, index_folders

# Packages that take long to import or much memory, and that a query has no use for.
HEAVY = {"torch", "torchvision", "onnx", "sklearn", "numba", "scipy", "matplotlib", "networkx"}
# What a question by a picture of the store needs as little: nothing is decoded, locked or forked.
DECODING = {"PIL", "filelock", "multiprocessing", "concurrent", "subprocess", "tqdm", "html"}
# Kibibytes, on Linux. `ru_maxrss` would be that of the parent process where that is larger.
_PEAK = (
    "int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    if sys.platform == "linux"
    else "0"
)


@pytest.fixture(scope="module")
def default_store(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index `photos` with the default encoders; return the store."""
    path = tmp_path_factory.mktemp("default") / "store"
    index_folders([photos], path, Options(device="cpu", workers=0))
    return path


def _asked(picture: Path, store: Path) -> tuple[dict[str, object], list[str], int]:
    """Return the answer of the command, the heavy packages it imported, and its peak memory."""
    arguments = ["query", str(picture), "--store", str(store), "--cache", "none", "--json"]
    code = (
        "import sys; from imgrec.__main__ import main\n"
        f"code = main({arguments!r})\n"
        f"print(sorted({HEAVY | DECODING!r} & set(sys.modules)))\n"
        f"print({_PEAK})\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer, modules, peak = done.stdout.splitlines()
    return json.loads(answer), json.loads(modules.replace("'", '"')), int(peak)


def test_a_query_by_a_new_picture_imports_nothing_heavy(
    default_store: Path, photos: Path, tmp_path: Path
) -> None:
    known = photos / "discs/000.jpg"
    with Image.open(known) as image:
        image.resize((image.width + 7, image.height + 3)).save(tmp_path / "new.png")
    answer, modules, peak = _asked(tmp_path / "new.png", default_store)
    assert answer["encoder"] == "lite0+mini"
    results = answer["results"]
    assert isinstance(results, list)
    assert results[0]["path"] == "discs/000.jpg"
    assert not HEAVY & {*modules}
    assert peak < 200_000


def test_a_query_by_a_picture_of_the_store_imports_nothing_that_decodes(
    default_store: Path, photos: Path
) -> None:
    answer, modules, _ = _asked(photos / "discs/000.jpg", default_store)
    results = answer["results"]
    assert isinstance(results, list)
    assert len(results) == 5
    assert modules == []
