"""Files whose size and time are equal and whose ctime or inode differ: read, or accepted."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgrec.collection import Catalog
from imgrec.collection.matching import FoundFile
from imgrec.collection.rescan import Scan, accepted_line, scan
from imgrec.collection.tokens import _FEW
from imgrec.pictures.decoding import digest
from imgrec.sources import versions
from imgrec.sources.folder import FolderSource

FILES = 2 * _FEW


class Ground:
    """A root of files that hold their numbers, its catalog, and the files read by a rescan."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = top / "photos"
        self.root.mkdir()
        for number in range(FILES):
            self.write(number, f"{number:04}")
        self.catalog = Catalog.create(top / "catalog.sqlite")
        self.read: list[str] = []
        monkeypatch.setattr("imgrec.collection.rescan._digest", self._digest)
        self.scan()
        self.catalog.db.execute("UPDATE images SET status = 'ok'")
        for entry in self.catalog.entries(self.catalog.ids("ok")):
            content = digest(Path(entry.root, entry.path).read_bytes())
            self.catalog.db.execute(
                "UPDATE images SET digest = ? WHERE id = ?", [content, entry.id]
            )

    def file(self, number: int) -> Path:
        return self.root / f"{number:04}.jpg"

    def write(self, number: int, content: str) -> None:
        self.file(number).write_text(content)
        os.utime(self.file(number), (1, 1))

    def scan(self) -> Scan:
        self.read.clear()
        return scan(self.catalog, [FolderSource(str(self.root))])

    def edit_tokens(self, numbers: range, what: str) -> None:
        """Let the catalog remember another ctime or inode of some files."""
        for number in numbers:
            sql = {
                "ctime": "replace(token, '~', '~1')",
                "inode": "token || '1'",
                "both": "replace(token, '~', '~1') || '1'",
                "strong": "'mtime 5' || token || '1'",
                "etag": "'5-7'",
                "nothing": "''",
            }[what]
            self.catalog.db.execute(
                f"UPDATE images SET token = {sql} WHERE path = ?", [self.file(number).name]
            )

    def _digest(self, file: FoundFile) -> str:
        self.read.append(file.path)
        return digest(Path(file.root, file.path).read_bytes())


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    made = Ground(tmp_path, monkeypatch)
    yield made
    made.catalog.close()


def test_a_file_edited_in_place_with_its_time_kept_is_noticed(ground: Ground) -> None:
    ground.write(3, "edit")
    shutil.copy2(ground.file(4), ground.root / "new")
    (ground.root / "new").replace(ground.file(4))
    scanned = ground.scan()
    assert ground.read == ["0003.jpg", "0004.jpg"]
    assert (scanned.changes.changed, scanned.new, scanned.accepted) == (1, 1, {})
    # The new tokens were kept.
    ground.scan()
    assert ground.read == []


def test_a_catalog_that_knows_no_tokens_learns_them_unread(ground: Ground) -> None:
    ground.edit_tokens(range(FILES), "nothing")
    ground.write(5, "edit")
    scanned = ground.scan()
    assert (ground.read, scanned.accepted, scanned.changes.changed) == ([], {}, 0)
    ground.write(6, "edit")
    assert ground.scan().changes.changed == 1
    assert ground.read == ["0006.jpg"]


@pytest.mark.parametrize(
    ("what", "differ", "accepted"),
    [
        # A copied disk, but for a few files.
        ("both", FILES, FILES),
        ("ctime", FILES, FILES),
        ("both", FILES * 9 // 10, FILES * 9 // 10),
        ("both", FILES * 9 // 10 - 1, 0),
        # Some files, as many as may be one edited folder.
        ("both", _FEW - 1, 0),
        ("ctime", _FEW, 0),
        # New inodes at the ctime of before, as of a mount, of a part of the files.
        ("inode", _FEW, _FEW),
        ("inode", _FEW - 1, 0),
        ("inode", FILES, FILES),
        # What is strong is never accepted.
        ("strong", FILES, 0),
        ("etag", FILES, 0),
    ],
)
def test_only_what_differs_throughout_a_root_is_accepted(
    ground: Ground, what: str, differ: int, accepted: int
) -> None:
    ground.edit_tokens(range(differ), what)
    scanned = ground.scan()
    assert scanned.accepted == ({str(ground.root): accepted} if accepted else {})
    assert len(ground.read) == (0 if accepted else differ)
    assert (scanned.changes.changed, scanned.new, scanned.changes.gone) == (0, 0, [])
    assert ground.scan().accepted == {}
    assert ground.read == []


def test_what_was_changed_besides_is_read(ground: Ground) -> None:
    ground.edit_tokens(range(FILES), "both")
    ground.file(7).write_text("edit")
    ground.file(8).unlink()
    scanned = ground.scan()
    assert (ground.read, scanned.accepted) == (["0007.jpg"], {str(ground.root): FILES - 2})
    assert (scanned.changes.changed, len(scanned.changes.gone)) == (1, 2)


def test_a_root_that_was_left_out_and_copied_is_taken_back_unread(ground: Ground) -> None:
    ground.edit_tokens(range(FILES), "both")
    ground.catalog.db.execute("UPDATE images SET status = 'left-out'")
    assert ground.scan().accepted == {str(ground.root): FILES}
    assert ground.read == []
    assert ground.catalog.totals.counts()["ok"] == FILES


def test_the_line_says_what_was_accepted_and_what_to_do() -> None:
    assert accepted_line("/photos", 1234) == (
        "1,234 files of /photos have the size and time of before and another inode or time of "
        "change, as on a copied or newly mounted disk: taken as unchanged, --reread reads them"
    )


def test_windows_lists_no_inodes(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    state = ground.file(1).stat()
    monkeypatch.setattr(versions, "_HAS_INODES", False)
    assert versions.listed_at("a", state).token == f"~{state.st_ctime_ns:x}.0"
