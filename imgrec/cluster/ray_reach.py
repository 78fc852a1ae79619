"""Whether all machines of a Ray cluster reach a folder of this one, at the same path.

A file with a random text is written to the folder, or the nearest one above it that exists, and
each machine is asked what it reads there. So a folder of the same name on another disk does not
count, and it does not matter how a folder is shared.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imgrec.cluster.ray_nodes import places
from imgrec.cluster.ray_session import ADDRESS, ray_session
from imgrec.errors import ImgrecError
from imgrec.system.atomic_files import temporary_prefix

# Longest wait for the answers of all machines, in seconds; each has to start a process first.
_ANSWERED_S = 120.0
_TEXT_BYTES = 16


def check_reached(folder: Path) -> None:
    """Check that all machines of the cluster that `RAY_ADDRESS` names reach a folder.

    Without that variable a Ray is started for the run, on this machine alone: nothing is asked.

    Args:
        folder: absolute; need not exist.

    Raises:
        ImgrecError: a machine does not read what is written there, or the cluster cannot be
            reached.
        OSError: the folder, or the one above it, cannot be written.
    """
    if not os.environ.get(ADDRESS):
        return
    with ray_session() as ray, _probe(folder) as (file, text):
        lacking = sorted(host for host, read in _answers(ray, file) if read != text)
    if lacking:
        others = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise ImgrecError(
            f"--workers ray needs a store that all machines reach, and {lacking[0]}{others} does "
            f"not reach {folder}: name one by --store, such as s3://BUCKET/STORE or "
            "file:///SHARED/FOLDER; imgrec push copies a local one there"
        )


@contextmanager
def _probe(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield a file that is there within the block, and its text."""
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    text = secrets.token_hex(_TEXT_BYTES)
    file = existing / f"{temporary_prefix()}{text}"
    try:
        file.write_text(text)
        yield file, text
    finally:
        file.unlink(missing_ok=True)


def _answers(ray: Any, file: Path) -> Iterator[tuple[str, str]]:
    """Yield (host, what it reads in a file) of each machine that answers.

    One that does not, such as a machine that has just died, is left out by its crews if it comes
    back and does not reach the folder.
    """
    affinity = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    task = ray.remote(num_cpus=0, max_retries=0)(_read)
    nodes = ray.nodes()
    working = {place.node: place for gpu in (False, True) for place in places(nodes, on_gpus=gpu)}
    asked = {
        task.options(scheduling_strategy=affinity(node, soft=False)).remote(str(file)): place.host
        for node, place in working.items()
    }
    ready, _ = ray.wait([*asked], num_returns=len(asked), timeout=_ANSWERED_S)
    for answer in ready:
        with suppress(ray.exceptions.RayError):
            yield asked[answer], ray.get(answer)


def _read(file: str) -> str:
    """Return the text of a file; "" if there is none."""
    try:
        return Path(file).read_text()
    except (OSError, ValueError):
        return ""
