"""Fixtures shared by all tests: a browser, small pictures and stores made from them."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from imgrec import Options, Store, index_folders
from object_servers import ObjectServer, moto_server, skip_without_obstore
from pictures import write_odd_files, write_pictures
from stores import contents

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


# Tests do not time: an example may take as long as a busy machine needs.
settings.register_profile("imgrec", deadline=None)
settings.load_profile("imgrec")
# A shell that starts the tests in the background has them ignore Ctrl-C, which the commands under
# test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Files whose tests run whole commands, kill processes or load torch, relative to this folder.
SLOW = (
    "test_make.py",
    "test_make_values.py",
    "checks/*",
    "collection/test_left_out.py",
    "collection/test_model.py",
    "collection/test_roots.py",
    "commands/*",
    "derived/*",
    "distances/test_kernels.py",
    "docs/test_readme.py",
    "docs/test_site.py",
    "docs/test_tour.py",
    "duplicates/test_find.py",
    "duplicates/test_near.py",
    "duplicates/test_stages.py",
    "encoders/test_acceleration.py",
    "encoders/test_device.py",
    "encoders/test_lite0*.py",
    "encoders/test_names.py",
    "encoders/test_onnx_file.py",
    "encoders/test_open_clip_models.py",
    "encoders/test_timm_models.py",
    "encoders/test_torch_files.py",
    "encoders/test_vision.py",
    "encoders/test_wordnet_tables.py",
    "graph/communities/test_continued.py",
    "graph/exports/*",
    "graph/name_search/test_index.py",
    "graph/pages/test_site.py",
    "graph/pages/test_site_command.py",
    "graph/pages/test_site_replaced.py",
    "graph/pages/test_taken_over.py",
    "graph/test_growth.py",
    "handover/test_memory.py",
    "indexing/test_default.py",
    "indexing/test_foreign*.py",
    "indexing/test_growth.py",
    "indexing/test_interruptions.py",
    "indexing/test_one_bad_picture.py",
    "indexing/test_shortage.py",
    "labels/*",
    "layouts/*",
    "neighbors/test_graph.py",
    "objects/*",
    "package/test_portability.py",
    "pictures/test_matrix.py",
    "pictures/test_memory.py",
    "projector/*",
    "projector/files/test_sprite_workers.py",
    "projector/tab/*",
    "remote/test_kills.py",
    "reporting/*",
    "review/test_command.py",
    "review/test_page.py",
    "samples/*",
    "security/*",
    "search/*",
    "serving/page/*",
    "serving/page/tools/*",
    "sources/*",
    "store/test_damage.py",
    "store/test_second_failures.py",
    "system/test_pool_ends.py",
    "system/test_workers.py",
)


def _is_slow(path: Path) -> bool:
    return any(path.relative_to(Path(__file__).parent).match(pattern) for pattern in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out slow files before they are imported, where no slow test is wanted."""
    unwanted = "not slow" in config.option.markexpr and collection_path.suffix == ".py"
    return True if unwanted and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use: `browser` by its fixture, `slow` by the list above."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Redirect the query cache from the user's cache folder, in subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("cache"))
        patch.setenv("XDG_CACHE_HOME", folder)
        # The variable that platformdirs reads on Windows.
        patch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", folder)
        yield


# The browser of this worker, once a test has asked for it.
_browsers: "list[Chrome]" = []


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """Start one headless Chromium for the whole run; skip the test if none is installed."""
    # Imports selenium, which a run without browsers does not need.
    from browser import chromium

    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        _browsers.append(driver)
        yield driver
        _browsers.clear()


@pytest.fixture(scope="module", autouse=True)
def _window_as_it_was() -> Iterator[None]:
    """Give the shared browser back without the size and colors that a module has tested with.

    The next one on this worker may be any: tests of the projector need the window as it is.
    """
    yield
    for driver in _browsers:
        from browser import restore

        restore(driver)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder of 24 pictures in three families, which tests must not change."""
    folder = tmp_path_factory.mktemp("photos")
    write_pictures(folder)
    return folder


@pytest.fixture(scope="session")
def _indexed_store(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index `photos` with `mini` and `rgb`; no test and no fixture opens this one."""
    path = tmp_path_factory.mktemp("indexed") / "store"
    index_folders([photos], path, Options(encoders=("mini",), workers=0))
    return path


@pytest.fixture(scope="session")
def _made_photo_store(
    _indexed_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    path = shutil.copytree(_indexed_store, tmp_path_factory.mktemp("photo-store") / "store")
    return path, contents(path)


@pytest.fixture(scope="session")
def photo_store(_made_photo_store: tuple[Path, dict[str, Any]]) -> Path:
    """Return a store of `photos`, which tests must not change, but for what commands keep in it."""
    return _made_photo_store[0]


@pytest.fixture(autouse=True)
def _photo_store_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that changes `photo_store`, which makes others fail, or not, by their order."""
    yield
    if "photo_store" in request.fixturenames:
        path, before = request.getfixturevalue("_made_photo_store")
        now = contents(path)
        changed = [name for name, value in now.items() if value != before[name]]
        assert not changed, "this test has changed the shared store: it must take `own_store`"


@pytest.fixture
def own_store(_indexed_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of `photos` as it was indexed, which a test may change."""
    return Path(shutil.copytree(_indexed_store, tmp_path_factory.mktemp("own") / "store"))


@pytest.fixture
def store(own_store: Path) -> Iterator[Store]:
    """Open a store of `photos` for reading; writing a site of it adds labels to it."""
    with Store.open(own_store) as opened:
        yield opened


@pytest.fixture(scope="session")
def odd_store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Index a folder of odd files; return the store and the expected status of each file."""
    folder = tmp_path_factory.mktemp("odd")
    expected = write_odd_files(folder / "photos")
    index_folders([folder / "photos"], folder / "store", Options(encoders=("mini",), workers=0))
    return folder / "store", expected


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """Start one moto for the whole run; skip the test if it or obstore is not installed."""
    skip_without_obstore()
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def bucket(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make an empty bucket and set the variables by which it is found; return its name."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in object_server.environment.items():
        monkeypatch.setenv(name, value)
    return object_server.new_bucket()
