"""`imgrec serve` as a process: its line, its end, its ports, and what it refuses to begin with."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from imgrec.serve import main
from imgrec.serving.server import bound_socket
from imgrec.store.running import running_server, said_to_run
from permissions import permissions_bind
from ports import free_port

_STOP = "imgrec serve: press Ctrl-C to stop\n"


@contextmanager
def _started(store: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-W", "error", "-m", "imgrec", "serve", "--store", str(store)]
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Return the exit code, and what else was printed."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def _get(address: str, path: str, token: str = "") -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _token(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_one_line_answers_and_ends_silently_with_0(
    own_store: Path, sent: signal.Signals
) -> None:
    port = free_port()
    with _started(own_store, "--port", str(port)) as process:
        address = _line(process).rstrip("\n")
        assert address.startswith(f"http://127.0.0.1:{port}/?token=")
        status, body = _get(address, "/api/store", _token(address))
        assert (status, json.loads(body)["images"]) == (200, 24)
        assert _get(address, "/api/store")[0] == 401
        process.send_signal(sent)
        assert _ended(process) == (0, "", _STOP)


def test_it_ends_though_connections_are_open_and_a_body_is_being_sent(own_store: Path) -> None:
    with _started(own_store, "--port", "0") as process:
        address = _line(process).strip()
        parts = urlsplit(address)
        place = parts.hostname, parts.port
        with socket.create_connection(place) as idle, socket.create_connection(place) as sending:
            head = f"PUT /api/pictures HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            head += f"Authorization: Bearer {_token(address)}\r\n"
            head += "Content-Type: image/png\r\nContent-Length: 1000000\r\n\r\nx"
            sending.sendall(head.encode())
            idle.sendall(f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            assert idle.recv(1 << 16)
            process.send_signal(signal.SIGINT)
            assert _ended(process) == (0, "", _STOP)


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_a_second_ctrl_c_ends_it_at_once(own_store: Path) -> None:
    with _started(own_store, "--port", "0") as process:
        parts = urlsplit(_line(process).strip())
        # An answer that is being sent keeps the server for a while after the first.
        with socket.create_connection((parts.hostname, parts.port)) as sending:
            head = f"PUT /api/pictures HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            head += f"Authorization: Bearer {parts.query.removeprefix('token=')}\r\n"
            head += "Content-Type: image/png\r\nContent-Length: 10\r\n\r\n"
            sending.sendall(head.encode())
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
        code, out, err = _ended(process)
    assert (code, out, err) in ((130, "", _STOP), (0, "", _STOP))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="a proc file system")
def test_its_processes_end_with_it_even_when_it_is_killed(own_store: Path, photos: Path) -> None:
    with _started(own_store, "--port", "0") as process:
        address = _line(process).strip()
        connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {_token(address)}", "Content-Type": "image/jpeg"}
        picture = next(photos.rglob("*.jpg")).read_bytes()
        connection.request("PUT", "/api/pictures", picture, headers)
        assert connection.getresponse().status == 200
        connection.close()
        children = _children(process.pid)
        assert children
        process.kill()
        process.wait()
        for child in children:
            _wait_until_gone(child)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for path in found for word in path.read_text().split()]


def _wait_until_gone(pid: int) -> None:
    for _ in range(3000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state in "ZX":
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


def test_a_used_port_is_passed_over_with_a_line(own_store: Path) -> None:
    with socket.socket() as used:
        used.bind(("127.0.0.1", 0))
        used.listen()
        port = used.getsockname()[1]
        with _started(own_store, "--port", str(port)) as process:
            found = urlsplit(_line(process).strip()).port
            assert found
            assert found > port
            process.send_signal(signal.SIGINT)
            code, out, err = _ended(process)
    assert (code, out) == (0, "")
    assert err == f"imgrec serve: port {port} is in use, using {found}\n{_STOP}"


def test_another_address_is_told_to_mean_others_and_needs_the_token(own_store: Path) -> None:
    with _started(own_store, "--port", "0", "--host", "0.0.0.0") as process:
        address = _line(process).strip()
        local = f"http://127.0.0.1:{urlsplit(address).port}/"
        assert _get(local, "/api/store")[0] == 401
        assert _get(local, "/api/store", _token(address))[0] == 200
        process.send_signal(signal.SIGINT)
        code, _, err = _ended(process)
    assert code == 0
    first, *rest = err.splitlines(keepends=True)
    assert "other machines reach this server" in first
    assert rest == [_STOP]


def test_the_store_says_where_it_runs_while_it_does_and_never_the_token(own_store: Path) -> None:
    said = own_store / "serving.json"
    assert running_server(own_store) is None
    with _started(own_store, "--port", "0") as process:
        address = _line(process).strip()
        assert running_server(own_store) == address.partition("?")[0]
        assert _token(address) not in said.read_text()
        process.send_signal(signal.SIGINT)
        assert _ended(process)[0] == 0
    assert not said.exists()


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_store_that_cannot_be_written_says_nothing(own_store: Path) -> None:
    own_store.chmod(0o500)
    try:
        with permissions_bind(), said_to_run(own_store, 8000):
            assert not (own_store / "serving.json").exists()
    finally:
        own_store.chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--store", "/no/store"], "no store at /no/store"),
        (["--port", "70000"], "70000 is not a port"),
        (["--port", "x"], "'x' is no whole number"),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1 is no address of this machine"),
        (["--report", "{photos}"], "holds no report that was written from"),
        (["--logdir", "{photos}"], "holds no logdir that was written from"),
        (["--exports", "/no/folder"], "there is no folder /no/folder"),
        (["--weights", "/no/file"], "there is no such file"),
        (["--device", "gpu"], "the device 'gpu' is unknown"),
    ],
)
def test_what_cannot_be_served_is_one_line_and_2(
    arguments: list[str],
    line: str,
    photo_store: Path,
    photos: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--store", str(photo_store), *(one.format(photos=photos) for one in arguments)]
    try:
        code = main(given)
    except SystemExit as left:
        code = int(left.code or 0)
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert line in err
    assert not (photo_store / "serving.json").exists()


@pytest.mark.parametrize("absent", ["fastapi", "uvicorn"])
def test_a_missing_extra_is_one_line_that_installs_it(
    absent: str,
    photo_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from imgrec.system import extras

    true_find = extras.find_spec
    monkeypatch.setattr(
        extras, "find_spec", lambda name: None if name == absent else true_find(name)
    )
    assert main(["--store", str(photo_store)]) == 2
    assert capsys.readouterr().err == (
        f"imgrec serve: the live page needs {absent}, which is not installed: "
        "pip install 'imgrec[serve]'\n"
    )


def test_a_file_of_somebody_else_leads_nowhere(own_store: Path) -> None:
    said = own_store / "serving.json"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(60)
        port = listening.getsockname()[1]
        for content in (
            "", "{", "[]", "null", '{"port": 80}', '{"port": "80", "pid": 1}',
            '{"port": 70000, "pid": 1}', '{"port": -1, "pid": 1}', '{"port": 80, "pid": -1}',
            '{"address": "http://evil.example/", "pid": 1}',
            '{"port": 1, "pid": 1, "address": "javascript:alert(1)"}',
            json.dumps({"port": port, "pid": 2**31 - 1}),
        ):  # fmt: skip
            said.write_text(content)
            assert running_server(own_store) is None
        # Whatever else listens at the port is no server of ours.
        said.write_text(json.dumps({"port": port, "pid": os.getpid()}))
        assert running_server(own_store) is None


def test_a_server_that_never_ends_its_head_holds_nobody(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.store.running._ANSWERS_WITHIN_S", 0.3)
    ended = threading.Event()

    def drip(listening: socket.socket) -> None:
        with suppress(OSError), listening.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nx: ")
            while not ended.wait(0.05):
                connection.sendall(b"x")

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        said = {"port": listening.getsockname()[1], "pid": os.getpid()}
        (own_store / "serving.json").write_text(json.dumps(said))
        try:
            assert running_server(own_store) is None
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize("name", ["localhost", "LocalHost"])
def test_localhost_is_where_pages_look_for_the_server(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ipv6_first(host: str, *_: object, **__: object) -> list[object]:
        family, address = socket.AF_INET6, "::1"
        if host == "127.0.0.1":
            family, address = socket.AF_INET, host
        return [(family, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", ipv6_first)
    with bound_socket(name, 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_file_that_is_a_link_is_not_followed(own_store: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({"port": 1, "pid": os.getpid()}))
    (own_store / "serving.json").symlink_to(elsewhere)
    assert running_server(own_store) is None
    shutil.rmtree(own_store)
    assert running_server(own_store) is None
