"""The ground of an attack: a hostile store, and the canary, its owner's other files around it.

    GROUND/
        home/                  somebody's own files: the canary
        work/                  where the commands are run
            store/             the store, spoiled by the attack
            more/              pictures that are not indexed yet
            out/               where the commands are told to write
            notes.txt          a canary as well

Everything but `work/store` and `work/out` must be the same, byte for byte, after every command.
Files and folders in `home` have names that a command may be led to: those of features and parts,
and the prefix of our own temporaries.
"""

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.__main__ import main
from pictures import picture, write_pictures

# In every file of the canary tree: it must not turn up in anything that a command writes or says.
SECRET = "the-owner-alone-reads-this"
_HOME_FILES = (
    "letter.txt",
    "diary.html",
    ".bashrc",
    "Documents/letter.txt",
    "Documents/deep/photo.jpg",
    "Documents/mini/thesis.txt",
    "Documents/mini/umap-2d/thesis.txt",
    "Documents/mini/part-000000/thesis.txt",
    "Documents/mini/.tmp-draft/thesis.txt",
    "Documents/.tmp-draft/thesis.txt",
    ".tmp-draft/thesis.txt",
    "mini/letter.txt",
    "mini/.tmp-draft/letter.txt",
    "mini/knn/letter.txt",
    "rgb/letter.txt",
    "theirs+mini/letter.txt",
)
_OURS = ("work/store", "work/out")


@dataclass(frozen=True)
class Ground:
    """The places of an attack.

    Attributes:
        path: of all of it.
    """

    path: Path

    @property
    def home(self) -> Path:
        """The folder of the owner's own files."""
        return self.path / "home"

    @property
    def work(self) -> Path:
        """The folder that the commands are run in."""
        return self.path / "work"

    @property
    def store(self) -> Path:
        """The store that is spoiled."""
        return self.work / "store"

    @property
    def out(self) -> Path:
        """The folder that the commands are told to write to."""
        return self.work / "out"

    def into_home(self, link: Path, place: str = "") -> None:
        """Put a symbolic link to something in `home` at a place, instead of what is there."""
        remove(link)
        link.symlink_to(os.path.relpath(self.home / place, link.parent))

    def snapshot(self, treasures: tuple[str, ...] = ()) -> dict[str, object]:
        """Return what is in the canary tree, and the owner's files within the store.

        Args:
            treasures: files of the owner in the store, relative to it; a part that is damaged may
                be set aside with what is in it.
        """
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.path):
            here = Path(folder).relative_to(self.path)
            folders[:] = [name for name in folders if (here / name).as_posix() not in _OURS]
            for name in (*folders, *files):
                path = Path(folder, name)
                found[(here / name).as_posix()] = _described(path)
        for name in treasures:
            places = self.store / name, self.store / "damaged" / name
            there = next(filter(Path.is_file, places), None)
            found[f"work/store/{name}"] = there and there.read_bytes()
        return found

    def leaks(self) -> list[str]:
        """Return the files that a command wrote and that hold the canary's content."""
        found = []
        for place in (self.out, self.store):
            for path in place.rglob("*"):
                state = path.lstat()
                plain = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
                if plain and state.st_size < 1 << 26 and SECRET.encode() in path.read_bytes():
                    found.append(path.relative_to(self.path).as_posix())
        return found


def make_home(home: Path) -> None:
    """Write the owner's files."""
    for name in _HOME_FILES:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # With a heading, as the pages of a site have, which the report reads.
        path.write_text(f"<h1>{SECRET}</h1> {name}\n")


def make_ground(path: Path, good: Path) -> Ground:
    """Write a canary tree with a copy of a good store; return it."""
    ground = Ground(path)
    make_home(ground.home)
    ground.out.mkdir(parents=True)
    (ground.work / "notes.txt").write_text(SECRET)
    (ground.work / "more").mkdir()
    picture("discs", 77).save(ground.work / "more" / "new.jpg")
    shutil.copytree(good, ground.store)
    return ground


def make_good(folder: Path) -> Path:
    """Index a folder of pictures, and let each command keep in the store what it keeps; return it.

    The store has features of two encoders, one made elsewhere, a relation, every kind of search
    index, previews, a k-NN graph, communities, duplicates and pages of the projector.
    """
    paths = write_pictures(folder / "photos")
    vectors = np.random.default_rng(0).normal(size=(len(paths), 8)).astype(np.float32)
    np.save(folder / "theirs.npy", vectors)
    (folder / "theirs.txt").write_text("\n".join(paths) + "\n")
    store, out = folder / "store", folder / "made"
    out.mkdir()
    index = f"index {folder}/photos --store {store} --encoder mini --workers 0 --hnsw --previews"
    for line in (
        f"{index} --vectors theirs={folder}/theirs.npy",
        f"graph --store {store} --out {out}/site --workers 0",
        f"graph --store {store} --duplicates {out}/d.csv --parquet {out}/n.parquet",
        f"projector --store {store} --out {out}/logdir --workers 0 --layouts none",
    ):
        if main(line.split()) != 0:
            raise AssertionError(f"the good store is not made: imgrec {line}")
    with_classes(store)
    with_cells(store)
    return store


def with_cells(store: Path) -> None:
    """Add cells beside the graph, which only large collections have."""
    from imgrec import Store
    from imgrec.derived.kept import update_indexes

    with Store.open(store) as opened, opened.writing():
        update_indexes(opened, hnsw=True, cells_rows=0)


def with_classes(store: Path) -> None:
    """Add stored classes of the pictures, as a classifier gives them."""
    from imgrec import Store
    from imgrec.store.classes import Top, write_classes, write_description

    with Store.open(store) as opened:
        ids = opened.catalog.ids("ok")
        folder = opened.paths.classes("mini")
    top = (np.arange(5)[None, :] + ids[:, None]) % 8
    shares = np.tile(np.array([[0.5, 0.2, 0.1, 0.1, 0.05]], np.float32), (len(ids), 1))
    write_description(folder, "", "", [f"class {number}" for number in range(8)])
    write_classes(folder, 0, ids, Top(top.astype(np.int16), shares))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


Spoil = Callable[[Ground], None]


def _described(path: Path) -> object:
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode):
        return "link", path.readlink()
    if stat.S_ISDIR(state.st_mode):
        return "folder", stat.S_IMODE(state.st_mode)
    return stat.S_IMODE(state.st_mode), state.st_mtime_ns, path.read_bytes()
