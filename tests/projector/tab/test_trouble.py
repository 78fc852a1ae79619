"""What is wrong with the store or with imgrec is a line in the tab; TensorBoard works on."""

import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tab_page import TabPage, is_alive
from tab_server import entry_point, ours, tensorboard

_BROKEN = {
    "an import": ("raise ImportError('libjpeg.so.8: cannot open shared object file')", "libjpeg"),
    "the code": ("def broken(:", "SyntaxError"),
    "a package": ("import numpy_that_is_not_there", "numpy_that_is_not_there"),
}


def test_a_missing_store_is_told_and_found_when_it_is_there(
    browser: Chrome, made: Path, tmp_path: Path
) -> None:
    store = tmp_path / "later"
    with tensorboard([made / "installed"], made / "log", f"--imgrec_store={store}") as server:
        page = TabPage(browser, server)
        assert page.trouble().startswith(f"no store at {store}: run imgrec index")
        assert is_alive(server)
        shutil.copytree(made / "store", store)
        page.enter()
        assert page.text("#count").startswith("24 pictures")


def test_a_relative_store_is_that_of_the_directory(
    browser: Chrome, made: Path, tmp_path: Path
) -> None:
    installed = entry_point(tmp_path / "installed")
    shutil.copytree(made / "store", installed / "mine")
    with tensorboard([installed], made / "log", "--imgrec_store=mine") as server:
        page = TabPage(browser, server)
        page.enter()
        assert page.text("#store-name") == "mine"


def test_a_damaged_part_is_told_where_it_is_read(
    browser: Chrome, made: Path, tmp_path: Path
) -> None:
    store = shutil.copytree(made / "store", tmp_path / "store")
    (vectors,) = (store / "features" / "mini").glob("part-*/vectors.npy")
    vectors.write_bytes(vectors.read_bytes()[:200])
    with tensorboard([made / "installed"], made / "log", f"--imgrec_store={store}") as server:
        page = TabPage(browser, server)
        page.show()
        page.into_frame()
        if page.js("return document.getElementById('imgrec-trouble') === null"):
            page.enter("?like=1")
            told = page.text("#trouble")
        else:
            told = page.text("#imgrec-trouble")
        assert "imgrec index" in told
        assert "vectors.npy" in told or "part-" in told
        assert is_alive(server)


@pytest.mark.parametrize("what", _BROKEN)
def test_an_import_that_fails_is_told(
    browser: Chrome, made: Path, tmp_path: Path, what: str
) -> None:
    code, told = _BROKEN[what]
    (tmp_path / "broken" / "imgrec").mkdir(parents=True)
    (tmp_path / "broken" / "imgrec" / "__init__.py").write_text(code)
    path = [made / "installed", tmp_path / "broken"]
    with tensorboard(path, made / "log", f"--imgrec_store={made / 'store'}") as server:
        line = TabPage(browser, server).trouble()
        assert line.startswith("imgrec cannot be loaded")
        assert told in line
        assert "pip install" in line
        assert is_alive(server)


def test_without_the_flag_there_is_no_tab(made: Path) -> None:
    with tensorboard([made / "installed"], made / "log") as server:
        assert is_alive(server)


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """Return a folder from which Python imports a plugin of the same name."""
    info = tmp_path / "another" / "another-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tensorboard_plugins]\nanother = another_tab:Tab\n")
    (tmp_path / "another" / "another_tab.py").write_text(
        "from tensorboard.plugins.base_plugin import FrontendMetadata, TBPlugin\n"
        "class Tab(TBPlugin):\n"
        "    plugin_name = 'imgrec'\n"
        "    def get_plugin_apps(self): return {}\n"
        "    def is_active(self): return True\n"
        "    def frontend_metadata(self):\n"
        "        return FrontendMetadata(es_module_path='/none.js', tab_name='another')\n"
    )
    return tmp_path / "another"


def test_another_plugin_of_the_name_is_left_alone(another: Path, made: Path) -> None:
    told = "another plugin of TensorBoard has the name imgrec"
    # TensorBoard loads plugins in the order in which Python finds them.
    path, named = [another, made / "installed"], f"--imgrec_store={made / 'store'}"
    with tensorboard(path, made / "log", named) as server:
        assert is_alive(server)
    assert told in "".join(server.said)
    # Our command puts its own last.
    path, named = [made / "installed", another], f"--store={made / 'store'}"
    with ours(made / "log", named, path=path) as server:
        assert is_alive(server)
    assert told in "".join(server.said)
