"""The sdist is complete and its tests run; the wheel works outside the source tree."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from imgrec.version import __version__
from paths import ROOT

NAME = f"imgrec-{__version__}"
PACKAGES = ("graph", "imgrec", "projector")
# What TensorBoard finds without an import of a package.
MODULE = "imgrec_tensorboard.py"
# Files for the hosting site and git, which packagers do not need.
NOT_SHIPPED = (".github/", ".gitattributes")
MADE_BY_SETUPTOOLS = {"PKG-INFO", "setup.cfg"}
QUICK_TESTS = ("tests/package/test_versions.py", "tests/pictures/test_formats.py")

pytestmark = pytest.mark.slow


def run(
    command: Sequence[str | Path], cwd: Path, python_path: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command that must succeed, away from this checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Return the files of this checkout that git tracks or does not ignore."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout: which files belong to it is not known")
    listed = run(["git", "ls-files", "-z", "-co", "--exclude-standard"], ROOT).stdout.split("\0")
    return sorted(name for name in listed if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def dist(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist of a clean copy of the checkout, and the wheel from that sdist."""
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, source], source)
    assert {path.name for path in dist.iterdir()} == {
        f"{NAME}.tar.gz", f"{NAME}-py3-none-any.whl",
    }  # fmt: skip
    return dist


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"{NAME}-py3-none-any.whl"


@pytest.fixture(scope="module")
def unpacked(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the sdist, as a packager does."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    assert os.listdir(folder) == [NAME]
    return folder / NAME


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel and the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    bin_ = folder / ("Scripts" if os.name == "nt" else "bin")
    python = bin_ / Path("python").with_suffix(".exe" if os.name == "nt" else "")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run([*install, "--no-index", "--no-deps", "--disable-pip-version-check", wheel], folder)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run([python, "-c", code], folder).stdout.strip())
    # The .pth files in folders added by a .pth file are not read, so that an editable installation
    # of imgrec is not found.
    (packages / "borrowed.pth").write_text("\n".join(sorted(_sites())), "utf-8")
    return python


def _sites() -> Iterator[str]:
    """Yield the folders from which this environment imports the dependencies of the wheel."""
    for module in ("numpy", "torch", "PIL", "sklearn", "tensorboard", "jinja2"):
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        yield str(Path(spec.origin).parents[1])


def _members(wheel: Path) -> Mapping[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sdist_has_every_file(tracked: list[str], unpacked: Path) -> None:
    found = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")
             if path.is_file()}  # fmt: skip
    found = {name for name in found if not name.startswith("imgrec.egg-info/")}
    assert found - MADE_BY_SETUPTOOLS == {n for n in tracked if not n.startswith(NOT_SHIPPED)}
    for name in tracked:
        if not name.startswith(NOT_SHIPPED):
            assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_the_wheel_has_the_packages_the_entry_point_and_nothing_else(
    tracked: list[str], wheel: Path
) -> None:
    members = {name for name in _members(wheel) if ".dist-info/" not in name}
    assert members == {
        MODULE,
        *(n for n in tracked if n.startswith(tuple(f"{p}/" for p in PACKAGES))),
    }
    assert {f"{package}/py.typed" for package in PACKAGES} <= members
    assert {"graph/templates/page.html", "imgrec/reporting/templates/report.html"} <= members
    assert {"imgrec/serving/page/index.html", "imgrec/serving/page/main.js"} <= members


def test_the_metadata_of_the_wheel(wheel: Path) -> None:
    members = _members(wheel)
    metadata = members[f"{NAME}.dist-info/METADATA"].decode()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for line in (f"Version: {__version__}", "License-Expression: MIT", "Requires-Python: >=3.11"):
        assert f"\n{line}\n" in metadata
    provided = {line.split(": ")[1] for line in metadata.splitlines() if
                line.startswith("Provides-Extra: ")}  # fmt: skip
    assert provided == project["optional-dependencies"].keys()
    assert (ROOT / "README.md").read_text("utf-8").strip() in metadata
    points = members[f"{NAME}.dist-info/entry_points.txt"].decode()
    (tab,) = project["entry-points"]["tensorboard_plugins"].values()
    assert f"[tensorboard_plugins]\nimgrec = {tab}\n" in points
    for notice in ("LICENSE", "imgrec/encoders/imagenet/wordnet/LICENSE.txt"):
        assert f"{NAME}.dist-info/licenses/{notice}" in members


def test_the_wheel_runs_outside_the_tree(python: Path, tmp_path: Path) -> None:
    places = "import imgrec, graph, projector; print(*imgrec.__path__, *graph.__path__)"
    for place in run([python, "-c", places], tmp_path).stdout.split():
        assert Path(place).is_relative_to(python.parents[1])
    run([python, "-m", "imgrec.samples", "pictures", "--count", "60"], tmp_path)
    index = [python, "-m", "imgrec.index", "pictures", "--store", "store", "--encoder", "mini"]
    assert "60 new" in run(index, tmp_path).stdout
    asked = next((tmp_path / "pictures").rglob("*.jpg"))
    query = [python, "-m", "imgrec.query", asked, "--store", "store", "--json"]
    answer = json.loads(run(query, tmp_path).stdout)
    assert (answer["images"], len(answer["results"])) == (60, 5)
    run([python, "-m", "graph", "--store", "store", "--out", "site"], tmp_path)
    assert (tmp_path / "site" / "index.html").is_file()
    run([python, "-m", "imgrec.doctor", "--store", "store", "--site", "site"], tmp_path)


def test_the_tests_of_the_sdist_collect_and_run(unpacked: Path) -> None:
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    said = run([*pytest_, "--collect-only"], unpacked, python_path=unpacked).stdout
    ours = sum(1 for _ in (ROOT / "tests").rglob("test_*.py"))
    assert len({line.partition("::")[0] for line in said.splitlines() if "::" in line}) == ours
    said = run([*pytest_, *QUICK_TESTS], unpacked, python_path=unpacked).stdout
    assert " passed" in said
    where = "import imgrec; print(*imgrec.__path__)"
    place = run([sys.executable, "-c", where], unpacked, python_path=unpacked).stdout.strip()
    assert place == str(unpacked / "imgrec")
