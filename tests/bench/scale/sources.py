"""Indexing from a bucket on this machine beside the same pictures in a folder: `python sources.py`.

The bucket is served by moto, in Python, which takes a share of the processor that a real service
would not; `--delay MS` puts a network of that latency in between.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))
from fault_proxy import Fault, fault_proxy
from imgrec.objects.opening import objects_at
from object_servers import moto_server


def main() -> int:
    """Print seconds of a first and of a second run for each place, best of some rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--encoder", default="mini")
    parser.add_argument("--delay", type=int, default=0, metavar="MS")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, moto_server(Path(work)) as server:
        os.environ.update(server.environment)
        folder = Path(work, "pictures")
        command = [sys.executable, "-m", "imgrec.samples", str(folder), "--count", str(given.count)]
        subprocess.run(command, check=True, capture_output=True)
        bucket = f"s3://{server.new_bucket()}/pictures"
        _upload(folder, bucket)
        with fault_proxy(server.endpoint, lambda *_: Fault.DELAY, given.delay / 1000) as proxy:
            if given.delay:
                os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
            rows = _compared(Path(work), [str(folder), bucket], given.rounds, given.encoder)
    head = ["| place | first run, s | of the folder | second run, s |", "| --- | --- | --- | --- |"]
    sys.stdout.write("\n".join([*head, *rows, ""]))
    return 0


def _compared(work: Path, places: list[str], rounds: int, encoder: str) -> list[str]:
    best: dict[str, list[float]] = {}
    for number in range(rounds):
        for place in places:
            store = work / f"store-{len(best)}-{number}-{places.index(place)}"
            command = [sys.executable, "-m", "imgrec", "index", place, "--store", str(store)]
            command += ["--encoder", encoder, "--quiet"]
            taken = [_seconds(command), _seconds(command)]
            best[place] = [*map(min, taken, best.get(place, taken))]
    return [
        f"| {'bucket' if '://' in place else 'folder'} | {first:.1f} "
        f"| {first / best[places[0]][0]:.2f} | {second:.1f} |"
        for place, (first, second) in best.items()
    ]


def _seconds(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start


def _upload(folder: Path, address: str) -> None:
    objects = objects_at(address)
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]

    def put(file: Path) -> None:
        objects.put(file.relative_to(folder).as_posix(), file.read_bytes())

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put, files))


if __name__ == "__main__":
    sys.exit(main())
