"""The catalog after any sequence of file operations, against a model of the right one.

The model knows no versions, tokens or listings. It looks at the contents of all files before and
after, and derives from the definition of an id (one content, kept where the file stays or moves,
new where it is a copy) which ids are right. Files hold letters, not pictures: a rescan never
decodes. Reading is simulated by `_read`.
"""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imgrec.collection import Catalog
from imgrec.collection.rescan import leave_other_roots, scan
from imgrec.pictures.decoding import digest
from imgrec.sources.folder import FolderSource

ROOTS = ("one", "two")
PLACES = [f"{root}/{folder}{name}.jpg" for root in ROOTS for folder in ("", "x/") for name in "abc"]
# All of one size, so that only time, inode and content tell them apart.
CONTENTS = ("aaaa", "bbbb", "cccc")
MARKER = '{"written_by": "imgrec 0"}'
# A file's ctime has the resolution of the clock that the kernel keeps for it.
TICK_S = 0.012

Place = st.sampled_from(PLACES)
Operation = st.one_of(
    st.tuples(st.just("add"), Place, st.sampled_from(CONTENTS)),
    st.tuples(st.sampled_from(["edit", "replace"]), Place, st.sampled_from(CONTENTS)),
    st.tuples(st.sampled_from(["touch", "remove", "chmod"]), Place, st.just("")),
    st.tuples(st.sampled_from(["move", "copy", "link"]), Place, Place),
    st.tuples(st.sampled_from(["exclude", "include", "leave", "absent", "empty"]),
              st.sampled_from(ROOTS), st.just("")),
)  # fmt: skip
Rounds = st.lists(st.lists(Operation, min_size=1, max_size=4), min_size=1, max_size=5)


class Disk:
    """A folder with two roots, and what was done to them."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.offline: dict[str, str] = {}
        self.left: set[str] = set()
        for root in ROOTS:
            # A root that holds no file at all counts as offline.
            (top / root / "x").mkdir(parents=True)
            (top / root / "notes.txt").write_text("no picture")

    def do(self, what: str, first: str, second: str) -> None:
        file = self.top / first
        if what in ("exclude", "include"):
            marker = file / "x" / "site.json"
            marker.write_text(MARKER) if what == "exclude" else marker.unlink(missing_ok=True)
        elif what == "leave":
            # One root stays.
            self.left = set() if first in self.left else {first}
        elif what in ("absent", "empty"):
            self.offline = {} if self.offline.get(first) == what else {first: what}
        elif what == "add":
            self._write(file, second)
        elif file.exists():
            self._change(what, file, second)

    def _change(self, what: str, file: Path, second: str) -> None:
        state = file.stat()
        if what == "edit":
            file.write_text(second)
            os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
        elif what == "replace":
            self._write(file.with_suffix(".new"), second)
            os.utime(file.with_suffix(".new"), ns=(state.st_atime_ns, state.st_mtime_ns))
            file.with_suffix(".new").replace(file)
        elif what == "touch":
            os.utime(file, ns=(1, state.st_mtime_ns + 10**9))
        elif what == "chmod":
            file.chmod(state.st_mode ^ 0o020)
        elif what == "remove":
            file.unlink()
        elif (other := self.top / second) != file:
            other.unlink(missing_ok=True)
            if what == "move":
                file.rename(other)
            elif what == "copy":
                shutil.copy2(file, other)
            else:
                other.hardlink_to(file)

    def _write(self, file: Path, content: str) -> None:
        # A hard link would be written through.
        file.unlink(missing_ok=True)
        file.write_text(content)
        os.utime(file, ns=(1, 10**18))

    def files(self) -> dict[str, str]:
        """Return {place: content} of all files."""
        there = (place for place in PLACES if (self.top / place).is_file())
        return {place: (self.top / place).read_text() for place in there}

    def listed(self) -> dict[str, str]:
        """Return {place: content} of the files of the collection, of the roots that are online."""
        away = self.left | {*self.offline}
        return {
            place: content
            for place, content in self.files().items()
            if place.split("/")[0] not in away and not self._is_excluded(place)
        }

    def _is_excluded(self, place: str) -> bool:
        root, *folders, _ = place.split("/")
        return bool(folders) and (self.top / root / "x" / "site.json").exists()

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Hide the roots that are offline: absent, or an empty folder where a disk was mounted."""
        for root, how in self.offline.items():
            (self.top / root).rename(self.top / f"{root} unplugged")
            if how == "empty":
                (self.top / root).mkdir()
        yield
        for root, how in self.offline.items():
            if how == "empty":
                (self.top / root).rmdir()
            (self.top / f"{root} unplugged").rename(self.top / root)


Row = tuple[int, str, str, str]


def _rows(catalog: Catalog, top: Path) -> list[Row]:
    """Return (id, place, content, status) of all rows."""
    letters = {digest(content.encode()): content for content in CONTENTS}
    entries = catalog.entries(catalog.ids("new", "ok", "failed", "missing", "left-out"))
    return [
        (e.id, f"{Path(e.root).relative_to(top)}/{e.path}", letters[e.digest or ""], e.status)
        for e in entries
    ]


def _read(catalog: Catalog, disk: Disk) -> None:
    """Give each new row the digest of its file."""
    for entry in catalog.entries(catalog.ids("new")):
        content = Path(entry.root, entry.path).read_bytes()
        catalog.db.execute(
            "UPDATE images SET status = 'ok', digest = ? WHERE id = ?", [digest(content), entry.id]
        )


class Model:
    """What must be after a rescan, from the rows before it and the files on the disk."""

    def __init__(self, disk: Disk, before: list[Row]) -> None:
        self.disk, self.before = disk, before
        self.files, self.listed = disk.files(), disk.listed()
        held = {p: (i, c) for i, p, c, status in before if status != "missing"}
        self.stay = {p: held[p][0] for p, c in self.listed.items() if held.get(p, (0, ""))[1] == c}

    def fate(self, row: Row) -> str:
        """Return what became of the file of a row that does not stay at its place."""
        _, place, _, status = row
        root = place.split("/")[0]
        if root in self.disk.offline:
            if status == "missing":
                return "gone"
            return "absent" if self.disk.offline[root] == "absent" else "there"
        if root in self.disk.left or place not in self.listed:
            is_known_gone = status == "missing" and root not in self.disk.left
            return "there" if place in self.files and not is_known_gone else "gone"
        return "gone"

    def status(self, row: Row) -> str:
        """Return the status of a row whose picture is nowhere in the collection."""
        _, place, _, status = row
        root = place.split("/")[0]
        if root in self.disk.left:
            return "left-out" if status == "ok" else status
        if status == "missing" or root in self.disk.offline:
            return status
        if place in self.listed:
            return "missing"
        return "left-out" if status == "left-out" or place in self.files else "missing"

    def check(self, after: list[Row]) -> None:
        ids = {place: i for i, place, _, status in after if status == "ok" and place in self.listed}
        assert ids.keys() == self.listed.keys()
        contents = {i: content for i, _, content, _ in after}
        assert {place: contents[i] for place, i in ids.items()} == self.listed
        assert contents.items() >= {(i, content) for i, _, content, _ in self.before}
        assert {place: ids[place] for place in self.stay} == self.stay
        used = set(ids.values())
        assert len(used) == len(ids)
        self._check_arrived({p: i for p, i in ids.items() if p not in self.stay})
        states = {i: (place, status) for i, place, _, status in after}
        for row in self.before:
            if row[0] not in used:
                assert states[row[0]] == (row[1], self.status(row))

    def _check_arrived(self, arrived: dict[str, int]) -> None:
        """Check the ids of files at places where their content was not before."""
        free = [row for row in self.before if row[0] not in self.stay.values()]
        last = max((row[0] for row in self.before), default=0)
        own = {(p, c): i for i, p, c, status in free if status == "missing"}
        rest = dict(arrived)
        for place, i in arrived.items():
            if (place, self.listed[place]) in own:
                mine = {r[0] for r in free if r[1:3] == (place, self.listed[place])}
                assert i in mine
                free = [row for row in free if row[0] != i]
                del rest[place]
        fates = {row: self.fate(row) for row in free}
        wanted = Counter(self.listed[place] for place in rest)
        gone = {(row[2], row[0]) for row in free if fates[row] == "gone"}
        absent = {(row[2], row[0]) for row in free if fates[row] == "absent"}
        moved = {c: min(n, sum(one == c for one, _ in gone)) for c, n in wanted.items()}
        away = {c: min(wanted[c] - moved[c], sum(one == c for one, _ in absent)) for c in wanted}
        held = [r for r in self.before if r[1].split("/")[0] in self.disk.offline]
        if 2 * sum(away.values()) < sum(row[3] != "missing" for row in held):
            away = dict.fromkeys(away, 0)
        for content, count in wanted.items():
            got = {(content, i) for place, i in rest.items() if self.listed[place] == content}
            assert len(got & gone) == moved[content]
            assert len(got & absent) == away[content]
            assert sum(i > last for _, i in got) == count - moved[content] - away[content]


def _run(rounds: list[list[tuple[str, str, str]]], top: Path) -> None:
    disk, catalog = Disk(top), Catalog.create(top / "catalog.sqlite")
    try:
        for operations in rounds:
            for operation in operations:
                disk.do(*operation)
            model = Model(disk, _rows(catalog, top))
            sources = [FolderSource(str(top / root)) for root in ROOTS if root not in disk.left]
            with disk.unplugged():
                if disk.left:
                    leave_other_roots(catalog, [source.description for source in sources])
                scan(catalog, sources)
                _read(catalog, disk)
            model.check(_rows(catalog, top))
            time.sleep(TICK_S)
    finally:
        catalog.close()


ADDED = [("add", f"one/{name}.jpg", content) for name, content in zip("abc", CONTENTS, strict=True)]


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(Rounds)
@example([ADDED, [("edit", "one/a.jpg", "bbbb"), ("replace", "one/b.jpg", "cccc")]])
@example([ADDED, [("copy", "one/a.jpg", "two/a.jpg"), ("leave", "one", "")]])
@example(
    [ADDED, [("move", "one/a.jpg", "two/a.jpg"), ("leave", "one", "")], [("leave", "one", "")]]
)
@example([[("add", "one/x/a.jpg", "aaaa")], [("exclude", "one", "")], [("include", "one", "")]])
@example([ADDED, [("link", "one/a.jpg", "one/x/b.jpg"), ("chmod", "one/c.jpg", "")]])
# One of three pictures of a disk that is not plugged in was copied; then two of them.
@example([ADDED, [("copy", "one/a.jpg", "two/a.jpg"), ("absent", "one", "")]])
@example(
    [ADDED, [("copy", f"one/{n}.jpg", f"two/{n}.jpg") for n in "ab"] + [("absent", "one", "")]]
)
@example([ADDED, [("copy", f"one/{n}.jpg", f"two/{n}.jpg") for n in "ab"] + [("empty", "one", "")]])
# What is missing on a disk that cannot be listed now was gone from it before.
@example(
    [ADDED, [("remove", "one/a.jpg", "")], [("empty", "one", ""), ("add", "two/a.jpg", "aaaa")]]
)
# A picture that comes back with another time, while an earlier path has a copy of it.
@example(
    [
        ADDED,
        [("remove", "one/b.jpg", "")],
        [("add", "one/b.jpg", "bbbb"), ("add", "one/a.jpg", "bbbb")],
    ]
)
def test_the_catalog_is_right_after_any_operations(
    rounds: list[list[tuple[str, str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run(rounds, Path(folder).resolve())
