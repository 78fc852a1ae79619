"""Picture files with damage of many kinds, each a function of a random generator or a number."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from imgrec.pictures.formats import FORMATS
from valid_pictures import VALID

Rng = np.random.Generator
Mutation = Callable[[bytes, Rng], bytes]

# Values at which lengths and counts in headers overflow, or change their sign.
_EXTREMES = [0, 1, 2, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1]


def _flip(data: bytes, rng: Rng) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: rng.integers(len(data))]


def _insert(data: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(data)))
    return data[:place] + rng.bytes(int(rng.integers(1, 40))) + data[place:]


def _remove(data: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(data)))
    return data[:place] + data[place + int(rng.integers(1, 40)) :]


def _swap(data: bytes, rng: Rng) -> bytes:
    first, second, third, fourth = sorted(rng.integers(0, len(data), 4).tolist())
    return (
        data[:first] + data[third:fourth] + data[second:third] + data[first:second] + data[fourth:]
    )


def _header_field(data: bytes, rng: Rng) -> bytes:
    width = int(rng.choice([1, 2, 4]))
    place = int(rng.integers(min(len(data), 100)))
    value = int(rng.choice(_EXTREMES)) % 256**width
    order = "big" if rng.random() < 0.5 else "little"
    return data[:place] + value.to_bytes(width, order) + data[place + width :]


def _tail_of_another(data: bytes, rng: Rng) -> bytes:
    names = sorted(VALID)
    other = VALID[names[int(rng.integers(len(names)))]][0]()
    return data[: int(rng.integers(4, 60))] + other[int(rng.integers(len(other))) :]


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _cut,
    _insert,
    _remove,
    _swap,
    _header_field,
    _header_field,
    _tail_of_another,
)


def _zeroed(data: bytes, rng: Rng) -> bytes:
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 2 + len(data) // 2))
    return data[:place] + bytes(min(length, len(data) - place)) + data[place + length :]


def _repeated(data: bytes, rng: Rng) -> bytes:
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 256))
    times = int(rng.choice([1, 2, 200]))
    return data[:place] + data[place : place + length] * times + data[place:]


def _overwritten(data: bytes, rng: Rng) -> bytes:
    place = int(rng.integers(len(data)))
    return data[:place] + rng.bytes(int(rng.integers(1, 33))) + data[place + 32 :]


_ALL = (*MUTATIONS, _zeroed, _repeated, _overwritten)


def mutated(seeds: list[tuple[str, bytes]], number: int, seed: int = 0) -> tuple[str, bytes]:
    """Return the name and content of a damaged file.

    Args:
        seeds: suffixes and contents of sound files; each is taken in turn.
        number: of the file; with the seeds and the seed it decides everything.
        seed: another one gives other damage.
    """
    rng = np.random.default_rng([seed, number])
    suffix, data = seeds[number % len(seeds)]
    chosen = rng.choice(len(_ALL), int(rng.choice([1, 1, 1, 2, 3])), replace=False)
    for mutation in chosen.tolist():
        data = _ALL[mutation](data, rng) if data else data
    kinds = "-".join(_ALL[mutation].__name__.strip("_") for mutation in chosen.tolist())
    return f"{number:06}-{kinds}{suffix}", data


def seeds_of_every_format() -> list[tuple[str, bytes]]:
    """Return a sound file of every readable format and variant, each with a suffix.

    A format without a suffix of its own takes that of another: the content decides.
    """
    return [(f".{(FORMATS[kind].split() or ['png'])[0]}", make()) for make, kind in VALID.values()]


def write_mutated(
    folder: Path, seeds: list[tuple[str, bytes]], count: int, seed: int = 0
) -> list[str]:
    """Write damaged files; return their names, which tell what was done to each."""
    names = []
    for number in range(count):
        name, data = mutated(seeds, number, seed)
        # A folder of many thousand files is slow to look at.
        path = folder / f"{number // 1000:03}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        names.append(f"{path.parent.name}/{name}")
    return names
