"""`make bench-search`: search in many vectors, compared with other libraries."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import collection
import others
import ours
import photos
import reference
import shell
import steps
import walks
from machine import described, rows, seconds, work_folder, write
from measuring import HEADS, apart, paragraph, tell

# Sizes that are measured, besides `--count`.
_COUNTS = (4_000, 40_000)
_PACKAGES = ("faiss-cpu", "numba", "scipy", "torch", "usearch")


def main() -> int:
    """Run all measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="vectors (default 400000)")
    add("--dimensions", type=int, default=collection.DIMENSIONS, help="of a vector (default 2048)")
    add("--steps", action="store_true", help="measure only the steps of a search, at this count")
    add("--photos", type=Path, metavar="STORE", help="also measure a store of photographs")
    add(
        "--work",
        type=Path,
        metavar="DIR",
        help="keep the collections in this folder, and use those that exist",
    )
    arguments = parser.parse_args()
    if arguments.count < 100:
        parser.error(f"--count {arguments.count}: at least 100 vectors are needed")
    write(f"# Search\n\n{described(_PACKAGES)}")
    with work_folder(arguments.work) as work:
        smaller = () if arguments.steps else _COUNTS
        for count in [*(few for few in smaller if few < arguments.count), arguments.count]:
            place = collection.Place(
                work / f"{count}-{arguments.dimensions}", count, arguments.dimensions
            )
            measure = _measure_steps if arguments.steps else _measure
            spent_s = seconds(lambda place=place, of=measure: of(place))  # type: ignore[misc]
            tell(f"{count}: done in {spent_s:.0f} s")
        if arguments.photos:
            write(f"\n## Photographs\n\n{photos.measured(arguments.photos, work / 'photos')}")
    return 0


def _measure(place: collection.Place) -> None:
    lines = _prepared(place)
    built = _built(place)
    measures, told = ours.measured(place, built)
    measures += others.measured(place)
    table = rows(HEADS, [row.line() for row in measures])
    lines += [*told, shell.measured(place)]
    title = f"{place.count:,} vectors of {place.dimensions}"
    alone, _ = apart(steps.measured, place)
    lost, _ = apart(walks.measured, place)
    write(f"\n## {title}\n\n{table}\n{paragraph(lines)}\n{alone}\n{lost}")


def _measure_steps(place: collection.Place) -> None:
    _prepared(place)
    _built(place, hnsw=False)
    alone, _ = apart(steps.measured, place)
    write(f"\n## {place.count:,} vectors of {place.dimensions}\n\n{alone}")


def _prepared(place: collection.Place) -> list[str]:
    lines = [
        "memory: the peak without mapped files; for other libraries it includes building the "
        "index; disk: without the vectors",
        f"recall of manhattan and chi2: over at most {reference.SLOW_QUERIES} queries; empty if "
        "the exact neighbors are not known",
    ]
    if not place.matrix.is_file():
        tell(f"{place.count}: writing the collection")
        spent_s = seconds(lambda: apart(collection.written, place))
        lines.append(f"collection written in {spent_s:.0f} s")
    if not reference.there(place):
        tell(f"{place.count}: finding the exact neighbors")
        spent_s = seconds(lambda: apart(reference.computed, place))
        lines.append(f"exact neighbors found in {spent_s:.0f} s")
    return lines


def _built(place: collection.Place, *, hnsw: bool = True) -> dict[str, ours.Built]:
    """Build the indexes of imgrec; if they exist, read their saved cost."""
    file = place.folder / ("built.json" if hnsw else "built-without-hnsw.json")
    if file.is_file():
        return {name: ours.Built(**cost) for name, cost in json.loads(file.read_text()).items()}
    built = ours.build(place, hnsw=hnsw)
    file.write_text(json.dumps({name: asdict(cost) for name, cost in built.items()}))
    return built


if __name__ == "__main__":
    sys.exit(main())
