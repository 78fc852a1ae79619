"""A Ray cluster of several nodes on this machine, and what kills parts of it."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imgrec.cluster import ray_session
from killing import children, kill_one

# The least that Ray accepts.
_OBJECT_STORE_BYTES = 80_000_000


class RayCluster:
    """Nodes, each in processes of its own.

    Attributes:
        address: for `RAY_ADDRESS`.
    """

    def __init__(self, nodes: int, cores: int) -> None:
        """Start nodes of so many cores each; the first one is the head, which stays."""
        self._cores = cores
        os.environ.update(ray_session.ENVIRONMENT)
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster(initialize_head=True, head_node_args=_node(cores))
        self.address: str = self._cluster.address
        # Without the head, in the order in which they joined.
        self._joined: list[Any] = []
        for _ in range(nodes - 1):
            self.add()

    def add(self) -> None:
        """Let a node join; it is not waited for."""
        self._joined.append(self._cluster.add_node(**_node(self._cores), wait=False))

    def kill_node(self) -> None:
        """Kill the node that joined last, with all its processes; not the head."""
        self._cluster.remove_node(self._joined.pop(), allow_graceful=False)

    def crews(self) -> list[int]:
        """Return the process ids of the actors that run crews."""
        raylets = [info.process.pid for node in self._nodes for info in _raylets(node)]
        return [pid for of in raylets for pid in children(of) if _title(pid).startswith(_CREW)]

    def kill_crew(self, rng: random.Random) -> bool:
        """Kill an actor that runs a crew; return False if there is none."""
        return kill_one(self.crews(), rng)

    def kill_decoder(self, rng: random.Random) -> bool:
        """Kill a process that decodes pictures for a crew; return False if there is none."""
        return kill_one([child for crew in self.crews() for child in _decoders(crew)], rng)

    def close(self) -> None:
        """End all nodes."""
        self._cluster.shutdown()

    @property
    def _nodes(self) -> list[Any]:
        nodes: list[Any] = self._cluster.list_all_nodes()
        return nodes


_CREW = "ray::CrewActor"


@contextmanager
def ray_cluster(nodes: int, cores: int = 1) -> Iterator[RayCluster]:
    """Yield a cluster that `RAY_ADDRESS` names within the block."""
    names = "RAY_ADDRESS", "RAY_TMPDIR", "PYTHONPATH"
    before = {name: os.environ.get(name) for name in names}
    # What tests send has to be found by every process.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    # Short, because sockets lie there.
    folder = tempfile.mkdtemp(prefix="ray")
    os.environ["RAY_TMPDIR"] = folder
    cluster = RayCluster(nodes, cores)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _node(cores: int) -> dict[str, Any]:
    return {
        "num_cpus": cores,
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }


def _raylets(node: Any) -> list[Any]:
    raylets: list[Any] = node.all_processes["raylet"]
    return raylets


def _decoders(crew: int) -> list[int]:
    return [pid for pid in children(crew) if "spawn_main" in _title(pid)]


def _title(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
