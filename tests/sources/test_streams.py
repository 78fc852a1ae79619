"""Pictures from standard input and other pipes: read within bounds, or one line that says why."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from imgrec.errors import PictureError
from imgrec.query import main
from imgrec.sources.streams import read_stream, stream_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors by path")


@contextmanager
def piped(data: bytes, *, close: bool = True) -> Iterator[int]:
    """Yield the reading end of a pipe into which a thread writes."""
    out, into = os.pipe()

    def write() -> None:
        with os.fdopen(into, "wb", closefd=close) as file:
            file.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield out
    finally:
        thread.join()
        os.close(out)
        if not close:
            os.close(into)


@pytest.mark.parametrize("size", [1, 65_536, 3_000_000])
def test_all_bytes_of_a_pipe_are_read(size: int) -> None:
    data = os.urandom(size)
    with piped(data) as descriptor:
        assert read_stream(descriptor) == data


def test_the_limit_of_bytes_is_exact() -> None:
    with piped(b"x" * 5000) as descriptor:
        assert len(read_stream(descriptor, most_bytes=5000)) == 5000
    with piped(b"x" * 5001) as descriptor, pytest.raises(PictureError, match="5000 bytes") as told:
        read_stream(descriptor, most_bytes=5000)
    assert told.value.reason == "too-large"


def test_a_pipe_without_an_end_is_given_up() -> None:
    with piped(b"x", close=False) as descriptor, pytest.raises(PictureError, match="no end after"):
        read_stream(descriptor, within_s=0.2)


def test_an_endless_device_connected_on_purpose_is_refused_as_any_device() -> None:
    with Path("/dev/zero").open("rb") as file, pytest.raises(PictureError, match="a device"):
        read_stream(file.fileno())


def test_a_socket_is_read_and_an_empty_or_closed_stream_said() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"picture")
        theirs.close()
        assert read_stream(ours.fileno()) == b"picture"
    with piped(b"") as descriptor, pytest.raises(PictureError, match="0 bytes"):
        read_stream(descriptor)
    with pytest.raises(PictureError, match="it is closed"):
        read_stream(9999)


def test_which_names_are_streams(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert stream_of("-") == 0
    assert stream_of("./-") is stream_of("photo.jpg") is stream_of("/dev/zero") is None
    assert stream_of("/dev/fd/9999") == 9999
    with piped(b"") as descriptor, (tmp_path / "file").open() as file:
        assert stream_of(f"/dev/fd/{descriptor}") == descriptor
        assert stream_of(f"/proc/self/fd/{descriptor}") == descriptor
        # By its path the catalog may know it.
        assert stream_of(f"/dev/fd/{file.fileno()}") is None


def test_a_picture_from_a_pipe_is_known_by_its_content(
    photos: Path, photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = photos / "discs" / "001.jpg"
    at = ["--store", str(photo_store), "-k", "3", "--json", "--cache", "none"]
    assert main([str(photo), *at]) == 0
    expected = json.loads(capsys.readouterr().out)
    grid = tmp_path / "grid.png"
    with piped(photo.read_bytes()) as descriptor:
        name = f"/dev/fd/{descriptor}"
        assert main([name, *at, "--grid", str(grid)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["queries"] == [name]
    _check_same(found["results"], expected["results"])
    assert grid.read_bytes().startswith(b"\x89PNG")
    command = [sys.executable, "-m", "imgrec.query", "-", *at]
    done = subprocess.run(command, input=photo.read_bytes(), capture_output=True, check=True)
    _check_same(json.loads(done.stdout)["results"], expected["results"])


def _check_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Check that two answers are the same; loops in numpy and compiled ones differ in last bits."""
    assert [result["id"] for result in found] == [result["id"] for result in expected]
    distances = [result["distance"] for result in expected]
    assert [result["distance"] for result in found] == pytest.approx(distances, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "empty (0 bytes)"), (b"words", "not-an-image (begins with b'words')")],
)
def test_what_is_no_picture_is_one_line(
    photo_store: Path, capsys: pytest.CaptureFixture[str], data: bytes, told: str
) -> None:
    with piped(data) as descriptor:
        assert main([f"/dev/fd/{descriptor}", "--store", str(photo_store)]) == 2
    expected = f"imgrec query: /dev/fd/{descriptor} cannot be read: {told}\n"
    assert capsys.readouterr().err == expected


def test_a_named_pipe_a_device_and_a_folder_are_refused_at_once(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    asked = {tmp_path / "pipe": "a named pipe", Path("/dev/zero"): "a device", tmp_path: "a folder"}
    for path, what in asked.items():
        assert main([str(path), "--store", str(photo_store)]) == 2
        told = f"imgrec query: no picture at {path} (it is {what}): name a file\n"
        assert capsys.readouterr().err == told
