"""Which crews the machines of a Ray cluster shall have: one for each GPU, or one for all cores.

A plan says on which class of devices it is computed (`imgrec.cluster.fingerprint`), because CPUs
and GPUs round differently. On GPUs each device has a crew, and the cores of its machine are shared
out to decode; machines without one have none. On CPUs each machine has one crew with all its cores.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where a crew shall work.

    Attributes:
        node: id of the machine in Ray.
        host: its name, for messages.
        position: of the crew on the machine.
        cpus: cores it takes, each for a process that decodes.
        gpus: 1 or 0.
    """

    node: str
    host: str
    position: int
    cpus: int
    gpus: int


def places(nodes: Iterable[Mapping[str, Any]], *, on_gpus: bool) -> list[Place]:
    """Return where crews shall work.

    Args:
        nodes: as `ray.nodes()` lists them, of which some may be gone.
        on_gpus: whether the plan is computed on GPUs.
    """
    found = []
    for node in nodes:
        resources = node["Resources"] if node["Alive"] else {}
        cpus = int(resources.get("CPU", 0))
        crews = int(resources.get("GPU", 0)) if on_gpus else min(1, cpus)
        host = node.get("NodeName") or node["NodeID"][:8]
        found += [
            Place(node["NodeID"], host, position, cpus // crews, int(on_gpus))
            for position in range(crews)
        ]
    return found
