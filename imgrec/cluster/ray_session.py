"""Ray, begun and ended: the cluster that the environment names, else one on this machine.

`RAY_ADDRESS` names the cluster, as for any program of Ray: `auto` for the one that runs on this
machine, `HOST:PORT`, or `ray://HOST:PORT`. Without it a Ray is started for this process on
127.0.0.1, without dashboard, and ended with it.

Nothing is reported to anybody: the usage statistics of Ray are switched off before it is imported.
Only numbers and names go through Ray, so its object store is small.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imgrec.errors import ImgrecError
from imgrec.system.extras import require

ADDRESS = "RAY_ADDRESS"
# Longest wait for an answer of the cluster's head, in seconds.
_REACHED_S = 10.0
# The least that Ray accepts is 75 MB.
_OBJECT_STORE_BYTES = 100_000_000
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Otherwise its daemons print what became of our processes into the output of the command.
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",
    # Otherwise a warning of Ray about its own future comes with each start.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# Lets Ray take 127.0.0.1 as its address, on every system; otherwise its ports are open to others.
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@contextmanager
def ray_session() -> Iterator[Any]:
    """Yield the module `ray`, connected; one that was connected before is left so.

    Raises:
        ImgrecError: Ray is not installed, the cluster cannot be reached, or has another version of
            Ray or Python.
    """
    ray = _imported()
    if ray.is_initialized():
        yield ray
        return
    _connect(ray)
    try:
        yield ray
    finally:
        ray.shutdown()


def _imported() -> Any:
    require("ray", extra="scale", why="--workers ray")
    os.environ.update(ENVIRONMENT)
    if not os.environ.get(ADDRESS):
        os.environ.update(_ALONE)
    import ray

    return ray


def _connect(ray: Any) -> None:
    address = os.environ.get(ADDRESS)
    alone = {
        "address": "local",
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address:
            _probe(address)
        ray.init(**({"address": address} if address else alone), **quiet)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        where = f"the Ray cluster at {ADDRESS}={address}" if address else "Ray on this machine"
        raise ImgrecError(f"{where} cannot be used: {reason[:300]}") from error


def _probe(address: str) -> None:
    """Reach an address such as `HOST:PORT`, because Ray tries for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_S).close()


def last_line(error: Exception) -> str:
    """Return what of an error of Ray says why; the rest is a traceback of another machine."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
