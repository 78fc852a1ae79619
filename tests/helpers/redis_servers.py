"""Real redis servers on 127.0.0.1 for tests of the shared cache."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def redis_server(folder: Path, port: int, *options: str) -> Iterator[str]:
    """Start a redis server without persistence; skip the test if none is installed."""
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("no redis-server on this machine (apt: redis-server)")
    bound = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command = [program, *bound, "--save", "", "--appendonly", "no", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            assert any("Ready to accept connections" in line for line in server.stdout)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.kill()
