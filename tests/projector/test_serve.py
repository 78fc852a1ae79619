"""Tests of the server: loopback only, on a free port, stopped without leftovers."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from imgrec.store.store import Store
from logdirs import contents
from paths import ROOT
from projector import ProjectorOptions, write_logdir
from projector.errors import ProjectorError
from projector.serve import main
from projector.server import HOST, free_port, start
from projector_page import served
from tab_server import ours

PLAIN = ProjectorOptions(methods=())


def test_it_prints_the_address_when_it_answers_and_leaves_no_trace(
    store: Store, tmp_path: Path
) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    before = contents(logdir)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with served(tmp_path / "log", port, stderr=subprocess.PIPE) as server:
            assert server.address.startswith(f"http://{HOST}:")
            assert server.address.endswith("/#projector")
            assert f":{port}/" not in server.address
            base = server.address.removesuffix("#projector")
            used = base.removesuffix("/").rpartition(":")[2]
            with urlopen(f"{base}data/plugin/projector/runs") as answer:
                assert answer.read() == b'["all 24 pictures"]'
    assert server.errors() == (
        f"imgrec tensorboard: port {port} is in use, using {used}\n"
        "imgrec tensorboard: press Ctrl-C to stop\n"
    )
    assert contents(logdir) == before


def test_the_address_of_the_tab_is_printed_where_it_is(store: Store, tmp_path: Path) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    with ours(logdir, "--store", str(store.path)) as server:
        pass
    printed = [line.strip() for line in server.said if line.startswith("http")]
    assert printed == [f"{server.origin}/#projector", f"{server.origin}/#imgrec"]


def test_the_wanted_port_is_no_news(store: Store, tmp_path: Path) -> None:
    write_logdir(store, tmp_path / "log", options=PLAIN)
    with socket.create_server((HOST, 0)) as found:
        port = found.getsockname()[1]
    with served(tmp_path / "log", port, stderr=subprocess.PIPE) as server:
        assert server.address == f"http://{HOST}:{port}/#projector"
    assert server.errors() == "imgrec tensorboard: press Ctrl-C to stop\n"


def test_it_listens_on_this_machine_only(store: Store, tmp_path: Path) -> None:
    write_logdir(store, tmp_path / "log", options=PLAIN)
    with served(tmp_path / "log") as server:
        port = int(server.address.split(":")[2].split("/")[0])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert port < free_port(port) <= port + 100


def test_no_free_port_is_told() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProjectorError, match=f"no free port from {port} on"):
            free_port(port, tried=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--logdir", "absent"], "no logdir at absent: run imgrec projector"),
        (["--logdir", "absent", "--port", "70000"], "70000 is not a port: give 0 to 65535"),
        (["--logdir", "absent", "--store", "none"], "no store at none: run imgrec index"),
        ([], "--logdir"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "projector.serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_the_command_is_callable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--logdir", str(tmp_path)]) == 2
    assert "no logdir at" in capsys.readouterr().err


def _shown(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Path | None:
    """Return the store that the command shows in the tab, without starting a server."""
    seen: list[Path | None] = []

    def start(_logdir: Path, _port: int, store: Path | None) -> str:
        seen.append(store)
        raise ProjectorError("enough")

    monkeypatch.setattr("projector.server.start", start)
    assert main(list(arguments)) == 2
    return seen[0]


def test_the_tab_shows_the_named_store_or_the_usual_one_of_the_logdir(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    Store.create(tmp_path / "other").close()
    named = "--logdir", str(logdir)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IMGREC_STORE", raising=False)
    assert _shown(monkeypatch, *named) is None
    assert _shown(monkeypatch, *named, "--store", "other") == Path("other")
    monkeypatch.setenv("IMGREC_STORE", str(store.path))
    assert _shown(monkeypatch, *named) == store.path
    # The usual store of another collection is none of this logdir.
    monkeypatch.setenv("IMGREC_STORE", str(tmp_path / "other"))
    assert _shown(monkeypatch, *named) is None


def test_a_folder_of_something_else_is_not_named_as_the_place_of_a_logdir(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").touch()
    for named, what in ((tmp_path, "holds something else"), (tmp_path / "index.html", "a file")):
        assert main(["--logdir", str(named)]) == 2
        said = capsys.readouterr().err
        assert what in said
        assert "into another folder: imgrec projector --out DIR" in said


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
@pytest.mark.parametrize("what", ["pipe", "no text", "6 GB"])
def test_a_config_that_is_no_text_is_not_given_to_tensorboard(tmp_path: Path, what: str) -> None:
    config = tmp_path / "run" / "projector_config.pbtxt"
    config.parent.mkdir()
    if what == "pipe":
        os.mkfifo(config)
    else:
        config.write_bytes(b"\xff{{{")
    if what == "6 GB":
        os.truncate(config, 6 << 30)
    with pytest.raises(ProjectorError, match=r"projector_config\.pbtxt cannot be read"):
        start(tmp_path, 0)
