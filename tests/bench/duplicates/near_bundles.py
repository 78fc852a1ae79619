"""Near-duplicates: precision and recall on altered photographs, and speed."""

import io
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from alterations import NOT_SOUGHT, SOUGHT
from imgrec import Options, Store, index_folders
from imgrec.duplicates.near import (
    THRESHOLD,
    NearDuplicates,
    Verifier,
    candidate_pairs,
    find_near,
)
from imgrec.duplicates.pairs import CANDIDATES, unique_pairs
from imgrec.store.paths import StorePaths
from machine import rows
from material import made
from measuring import apart, paragraph, tell

_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_EACH = 100
_SEED = 5
# The share of candidate pairs that are one picture, in the large collection.
_SAME = 0.1


@dataclass(frozen=True)
class Truth:
    """The true origin of the pictures of a store.

    Attributes:
        source: by id, the file that the picture is or was made from.
        alteration: by id of an altered picture, the name of the alteration.
    """

    source: Mapping[int, str]
    alteration: Mapping[int, str]


def measured(photos: Path) -> str:
    """Return tables of precision and recall by threshold, and of recall by alteration.

    Every alteration is applied to different photographs; the store also contains all originals.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        tell("duplicates: altering and indexing")
        how = _altered(photos, work / "altered")
        options = Options(encoders=("lite0", "mini"))
        index_folders([photos, work / "altered"], work / "store", options)
        with Store.open(work / "store") as store:
            truth = _truth(store, how, work / "altered")
            by = {
                name: candidate_pairs(store, store.spec(name), store.feature(name), {}).tolist()
                for name in (*store.relation_names(), "lite0", "mini")
            }
            started = time.perf_counter()
            find_near(store)
            spent_s = time.perf_counter() - started
            found = {t: find_near(store, threshold=t) for t in _THRESHOLDS}
        lines = [
            f"{len(truth.source) - len(how)} photographs and {len(how)} altered pictures; share of "
            "the altered pictures to find that are in a candidate pair with their original, by the "
            "feature of the k-NN graph: "
            + "; ".join(
                f"{name} {_share_among(pairs, truth):.2%} of {len(pairs)} pairs"
                for name, pairs in by.items()
            ),
            f"time of all steps after the k-NN graph: {spent_s:.1f} s",
            f"the default threshold is {THRESHOLD}; joined different photographs may be real "
            "duplicates: look at them",
        ]
        lines += [f"joined: {one} and {other}" for one, other in _joined(found[THRESHOLD], truth)]
        return (
            rows(("threshold", "recall", "precision", "different photographs joined"),
                 [_line(t, found[t], truth) for t in _THRESHOLDS])
            + "\n" + _by_alteration(found[THRESHOLD], truth) + "\n" + paragraph(lines)
        )  # fmt: skip


def measured_at(work: Path, count: int) -> str:
    """Return the time and memory to verify the pairs of a large collection, a tenth of them equal.

    Args:
        work: folder for the store, which is kept there.
        count: pictures, with generated thumbnails.
    """
    place = made(work, count)
    tell(f"duplicates: pairs of {count} pictures")
    (pairs, spent_s, again_s, alike), peak_mb = apart(
        _verified, place.store, count, libraries=("imgrec.duplicates.alignment", "PIL.Image")
    )
    heads = ("pictures", "candidate pairs", "similar", "s", "pairs/s", "second run, s", "memory MB")
    line = [count, pairs, alike, f"{spent_s:.0f}", f"{pairs / spent_s:.0f}"]
    return rows(heads, [[*line, f"{again_s:.2f}", f"{peak_mb:.0f}"]])


def _verified(path: Path, count: int) -> tuple[int, float, float, int]:
    """Return the number of pairs, the seconds, those of a second run, and how many are similar."""
    shutil.rmtree(StorePaths(path).duplicates, ignore_errors=True)
    rng = np.random.default_rng(_SEED)
    firsts = np.repeat(np.arange(count), CANDIDATES // 2)
    steps = rng.integers(1, count, len(firsts))
    same = rng.random(len(firsts)) < _SAME
    # There are 400 different thumbnails, which repeat.
    steps[same] = 400 * rng.integers(1, count // 400, int(same.sum()))
    others = (firsts + steps) % count
    with Store.open(path) as store:
        ids = store.catalog.ids("ok")
        pairs = unique_pairs(np.stack([ids[firsts], ids[others]], axis=1))
        started = time.perf_counter()
        verifier = Verifier(store, THRESHOLD)
        verifier.verify(pairs)
        spent_s = time.perf_counter() - started
        again = Verifier(store, THRESHOLD)
        again.verify(pairs)
        again_s = time.perf_counter() - started - spent_s
        return len(pairs), spent_s, again_s, int(again.are_alike(pairs).sum())


def _altered(photos: Path, out: Path) -> dict[str, tuple[str, str]]:
    """Write altered pictures; return (alteration, original file) by file name."""
    out.mkdir()
    every = {**SOUGHT, **NOT_SOUGHT}
    files = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    rng = np.random.default_rng(_SEED)
    each = min(_EACH, len(files) // len(every))
    order = iter(rng.permutation(len(files)).tolist())
    how = {}
    for number, (name, alter) in enumerate(every.items()):
        for _ in range(each):
            source = files[next(order)]
            data, suffix = alter(Image.open(io.BytesIO(source.read_bytes())).convert("RGB"), rng)
            path = out / f"{number:02d}-{source.stem}{suffix}"
            path.write_bytes(data)
            how[path.name] = name, source.relative_to(photos).as_posix()
    return how


def _truth(store: Store, how: Mapping[str, tuple[str, str]], altered: Path) -> Truth:
    entries = store.catalog.entries(store.catalog.ids("ok"))
    made_of = {e.id: how[e.path] for e in entries if e.root == str(altered.resolve())}
    source = {e.id: made_of[e.id][1] if e.id in made_of else e.path for e in entries}
    return Truth(source, {image_id: alteration for image_id, (alteration, _) in made_of.items()})


def _line(threshold: float, found: NearDuplicates, truth: Truth) -> list[object]:
    members = [(i, group[0]) for group in found.groups for i in group[1:]]
    right = sum(truth.source[i] == truth.source[best] for i, best in members)
    recall = np.mean([hit for hits in _hits(found, truth, SOUGHT).values() for hit in hits])
    name = f"**{threshold}**" if threshold == THRESHOLD else threshold
    precision = f"{right / max(1, len(members)):.4f}"
    return [name, f"{recall:.4f}", precision, len(_joined(found, truth))]


def _by_alteration(found: NearDuplicates, truth: Truth) -> str:
    hits = {**_hits(found, truth, SOUGHT), **_hits(found, truth, NOT_SOUGHT)}
    lines = [
        [name, "yes" if name in SOUGHT else "no", f"{sum(of)} of {len(of)}"]
        for name, of in hits.items()
    ]
    return rows(("alteration", "to be found", "found"), lines)


def _hits(
    found: NearDuplicates, truth: Truth, names: Mapping[str, object]
) -> dict[str, list[bool]]:
    """Return whether each altered picture is in a group with another of the same source."""
    group_of = {i: group for group in found.groups for i in group}
    hits: dict[str, list[bool]] = {name: [] for name in names}
    for image_id, name in truth.alteration.items():
        if name in names:
            others = [i for i in group_of.get(image_id, ()) if i != image_id]
            hits[name].append(any(truth.source[i] == truth.source[image_id] for i in others))
    return hits


def _joined(found: NearDuplicates, truth: Truth) -> list[tuple[str, str]]:
    """Return the pairs of different photographs whose pictures are in one group."""
    joined = {
        tuple(sorted((truth.source[i], truth.source[group[0]])))
        for group in found.groups
        for i in group[1:]
    }
    return sorted((one, other) for one, other in joined if one != other)


def _share_among(pairs: list[list[int]], truth: Truth) -> float:
    """Return the share of the pictures to find that are in a pair with their source."""
    sought = {i for i, name in truth.alteration.items() if name in SOUGHT}
    same = {i for pair in pairs if truth.source[pair[0]] == truth.source[pair[1]] for i in pair}
    return len(sought & same) / max(1, len(sought))
