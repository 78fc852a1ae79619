"""The entry point of the tab: light, quiet without its flag, harmless whatever is wrong."""

import argparse
import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard.plugins import base_plugin

import imgrec_tensorboard
from imgrec.system.local_requests import names_loopback
from imgrec_tensorboard import BELOW, FLAG, ImgrecLoader, ImgrecPlugin, module_saying
from paths import ROOT

_LOADED = """
import sys
from importlib import import_module
loader = getattr(import_module(sys.argv[1]), sys.argv[2])()
loader.define_flags(__import__("argparse").ArgumentParser())
flags = __import__("types").SimpleNamespace(imgrec_store="store")
context = __import__("types").SimpleNamespace(
    flags=flags, logdir="log", plugin_name_to_instance={})
plugin = loader.load(context)
plugin.get_plugin_apps(), plugin.is_active(), plugin.frontend_metadata()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def _place() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["entry-points"]["tensorboard_plugins"]["imgrec"]).split(":")


def _context(store: str = "", logdir: str = "", **others: object) -> Any:
    flags = SimpleNamespace(**{FLAG: store})
    return base_plugin.TBContext(flags=flags, logdir=logdir, plugin_name_to_instance=others)


def _loaded(store: Path | str, logdir: Path | str = "") -> ImgrecPlugin:
    plugin = ImgrecLoader().load(_context(str(store), str(logdir)))
    assert plugin is not None
    return plugin


def _get(
    plugin: ImgrecPlugin, path: str, host: str = "127.0.0.1:6006", peer: str = "127.0.0.1"
) -> tuple[str, str]:
    """Return status and body of what the plugin answers."""
    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": f"{BELOW}{path}", "HTTP_HOST": host,
        "REMOTE_ADDR": peer,
    }  # fmt: skip
    body = b"".join(plugin.answer(environ, lambda line, _: status.append(line)))
    return status[0], body.decode()


def test_the_entry_point_leads_to_the_loader() -> None:
    module, name = _place()
    assert getattr(importlib.import_module(module), name) is ImgrecLoader


def test_until_the_tab_is_opened_nothing_of_ours_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *_place()],
        capture_output=True, text=True, cwd=tmp_path, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"imgrec_tensorboard", "tensorboard"} <= loaded
    assert not loaded & {"imgrec", "projector", "numpy", "PIL", "torch", "fastapi"}


def test_without_the_flag_there_is_no_tab() -> None:
    assert ImgrecLoader().load(_context()) is None
    assert ImgrecLoader().load(base_plugin.TBContext(flags=SimpleNamespace())) is None
    parser = argparse.ArgumentParser()
    ImgrecLoader().define_flags(parser)
    assert getattr(parser.parse_args([]), FLAG) == ""
    assert getattr(parser.parse_args([f"--{FLAG}", "x"]), FLAG) == "x"


def test_with_the_flag_the_tab_is_active_and_named() -> None:
    plugin = _loaded("store")
    assert plugin.is_active()
    found = plugin.frontend_metadata()
    assert (found.tab_name, found.es_module_path) == ("imgrec", "/index.js")
    assert found.disable_reload
    assert found.es_module_path in plugin.get_plugin_apps()


def test_the_home_folder_is_found_where_the_shell_has_not_named_it(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(own_store.parent))
    assert "no store at" not in _get(_loaded(f"~/{own_store.name}"), "/index.js")[1]
    assert "no store at" in _get(_loaded("~nobody-of-this-name/x"), "/index.js")[1]


def test_another_plugin_of_its_name_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert ImgrecLoader().load(_context("store", imgrec=object())) is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "another plugin of TensorBoard has the name imgrec" in said


def test_a_flag_that_is_there_already_is_no_error() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(f"--{FLAG}", default="of another")
    ImgrecLoader().define_flags(parser)
    assert getattr(parser.parse_args([]), FLAG) == "of another"


def test_a_missing_store_is_told_and_looked_for_again(own_store: Path, tmp_path: Path) -> None:
    plugin = _loaded(tmp_path / "absent")
    status, body = _get(plugin, "/index.js")
    assert status == "200 OK"
    assert "render()" in body
    assert f"no store at {tmp_path / 'absent'}: run imgrec index" in body
    status, body = _get(plugin, "/token/api/store")
    assert status.startswith("503")
    assert "no store at" in json.loads(body)["error"]
    own_store.rename(tmp_path / "absent")
    status, body = _get(plugin, "/index.js")
    assert status == "200 OK"
    assert "no store at" not in body


@pytest.mark.parametrize(
    "error",
    [ImportError("no numpy\nhere"), SyntaxError("x"), SystemExit("x"), RuntimeError("x"),
     OSError(28, "No space left on device")],
)  # fmt: skip
def test_a_broken_import_is_told_in_one_line(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("projector.tab.opening.open_tab", fail)
    status, body = _get(_loaded(tmp_path), "/x/api/store")
    assert status.startswith("503")
    line = json.loads(body)["error"]
    assert type(error).__name__ in line
    assert "pip install" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:6006", "127.0.0.1.evil", "", "[::]"]
)
def test_a_stranger_makes_it_open_nothing(
    host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("projector.tab.opening.open_tab", lambda *_: pytest.fail("opened"))
    status, body = _get(_loaded(tmp_path / "a place"), "/x/api/store", host)
    assert status.startswith("403")
    assert "a place" not in body
    status, body = _get(_loaded(tmp_path / "a place"), "/index.js", host)
    assert "opened as 127.0.0.1 or localhost" in body
    assert "a place" not in body


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:65535", "::1", "127.0.0.1:", "localhost.",
     "127.0.0.1:123456", "127.0.0.2", "localhost\n", "a@localhost", "1"],
)  # fmt: skip
def test_its_names_of_this_machine_are_those_of_the_guards(host: str) -> None:
    assert bool(imgrec_tensorboard._HERE.fullmatch(host)) == names_loopback(host)


@pytest.mark.parametrize(
    ("peer", "is_told"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.7", False),
     ("2001:db8::1", False), ("::ffff:192.0.2.7", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_told_which_store_is_missing(
    tmp_path: Path, peer: str, is_told: bool
) -> None:
    plugin = _loaded(tmp_path / "store")
    for path in ("/index.js", "/api/store"):
        _, body = _get(plugin, path, peer=peer)
        assert (str(tmp_path) in body) == is_told


def test_what_a_module_says_cannot_leave_its_text() -> None:
    line = '"; alert(1); //\u2028</script>\\'
    text = module_saying(line).decode("ascii")
    (said,) = [one for one in text.splitlines() if "textContent" in one]
    assert json.loads(said.partition(" = ")[2].removesuffix(";")) == line
