"""`make simulate`: a billion pictures on many machines, by the schedule of a real run."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from machine import rows, write
from simulated_run import Simulated, UnitCosts, simulated

_HOUR_S = 3600.0
_HEADS = (
    *("machines", "parts are made", "all is applied", "machine hours", "requests", "read"),
    *("written", "crews lost", "jobs given twice", "slowest stage"),
)

# Measured: `unit_costs.py` on 3,781 photos of 28 kB, lite0, mini and rgb, on one core of an AMD
# EPYC. Assumed: the requests and bandwidth of object storage, machines of 16 cores, their losses.
MEASURED = UnitCosts(
    decode_s=0.0171,
    picture_bytes=28e3,
    part_bytes=14.8e6,
    part_requests=16.0,
    commit_s=0.094 + 0.054,
)
# Photos of a camera, scaled while they are decoded.
LARGE = replace(MEASURED, decode_s=0.060, picture_bytes=3e6)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table a collection, a line a number of machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--pictures", type=int, default=1_000_000_000, help="of the collection (default 10^9)")
    add("--machines", type=int, nargs="+", default=[16, 64, 256, 1024], metavar="N")
    add("--seed", type=int, default=0, help="of losses and stragglers (default 0)")
    arguments = parser.parse_args(argv)
    for name, costs in (("28 kB", MEASURED), ("3 MB", LARGE)):
        write(f"\nSimulated: {arguments.pictures:,} pictures of {name}\n\n")
        lines = [
            _line(machines, simulated(arguments.pictures, machines, costs, arguments.seed))
            for machines in arguments.machines
        ]
        write(rows(_HEADS, lines))
    return 0


def _line(machines: int, found: Simulated) -> list[object]:
    return [
        f"{machines:,}",
        f"{found.crews_s / _HOUR_S:,.1f} h",
        f"{found.seconds / _HOUR_S:,.1f} h",
        f"{found.machine_hours:,.0f}",
        f"{found.requests / 1e9:.2f} billion",
        f"{found.bytes_read / 1e12:,.0f} TB",
        f"{found.bytes_written / 1e12:,.1f} TB",
        f"{found.lost:,}",
        f"{found.repeated:,}",
        found.bottleneck,
    ]


if __name__ == "__main__":
    sys.exit(main())
