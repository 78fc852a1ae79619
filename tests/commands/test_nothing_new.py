"""A second run of a command that writes an output: nothing is written if nothing is new.

After each of a series of changes the outputs are written twice: by a run that may take over what is
there, and by one that knows nothing of it. They must be the same, byte for byte.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from graph.__main__ import main as graph
from imgrec import Options, Store, index_folders
from imgrec.report import main as report
from pictures import picture, write_pictures
from projector.__main__ import main as projector

MAINS = {"site": graph, "report": report, "logdir": projector}
OPTIONS = {
    "site": ["--page-size", "6", "--workers", "0"],
    "report": ["--maps", "none", "--diverse", "4", "--quiet"],
    "logdir": ["--layouts", "none", "--workers", "0"],
}
_NOTHING = re.compile(r"nothing new, [0-9.]+ s: .+\n")
_PREVIEW_PX = 256


class Work:
    """A collection with a store and three outputs, and the cache folder of its user."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.photos, self.store = folder, folder / "photos", folder / "store"
        write_pictures(self.photos, 6)
        self.index()

    def index(self, *encoders: str, previews: int | None = None) -> None:
        options = Options(encoders=encoders or ("mini",), workers=0, previews=previews)
        index_folders([self.photos], self.store, options)

    def write(self, kind: str, *more: str) -> int:
        out = str(self.folder / kind)
        return MAINS[kind](["--store", str(self.store), "--out", out, *OPTIONS[kind], *more])

    def forget(self) -> None:
        """Delete all that is remembered of outputs and drawings."""
        shutil.rmtree(self.folder / "cache")

    def files(self, *kinds: str) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for kind in kinds
            for path in (self.folder / kind).rglob("*")
            if path.is_file()
        }

    def states(self) -> dict[str, tuple[int, ...]]:
        """Return inode, size and times of everything, except what SQLite and locks touch."""
        return {
            str(path): (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
            for path in self.folder.rglob("*")
            if not path.name.startswith(("catalog.sqlite", "lock")) and not path.is_dir()
            for state in [path.stat()]
        }


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
            patch.setenv(name, str(folder / "cache"))
        yield Work(folder)


def _told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_second_round_finds_nothing_new_and_writes_nothing(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    # The report and the projector keep labels that pages show: the pages are new once more.
    for kind in (*MAINS, *MAINS):
        assert work.write(kind) == 0
    _told(capsys)
    before = work.states()
    for kind in MAINS:
        assert work.write(kind) == 0
        told = _told(capsys)
        assert _NOTHING.fullmatch(told)
        assert str(work.folder / kind) in told.splitlines()[-1]
    work.index()
    _told(capsys)
    assert work.write("site") == 0
    assert _NOTHING.fullmatch(_told(capsys))
    assert work.states() == before


def _added(work: Work) -> None:
    picture("discs", 77).save(work.photos / "discs" / "new.jpg")
    work.index()


def _copied(work: Work) -> None:
    shutil.copyfile(work.photos / "discs" / "000.jpg", work.photos / "stripes" / "copy.jpg")
    work.index()


def _renamed(work: Work) -> None:
    (work.photos / "checks" / "001.jpg").rename(work.photos / "checks" / "other name.jpg")
    work.index()


def _deleted(work: Work) -> None:
    (work.photos / "checks" / "002.jpg").unlink()
    work.index()


def _damaged(work: Work) -> None:
    (work.photos / "checks" / "damaged.jpg").write_bytes(b"\xff\xd8\xff damaged")
    work.index()


def _labelled(work: Work) -> None:
    with Store.create(work.store) as store:
        store.catalog.labels.add("class", {1: "zebra", 2: "zebra"})


def _other_encoder(work: Work) -> None:
    work.index("lite0")


def _previews(work: Work) -> None:
    work.index(previews=_PREVIEW_PX)


def _away(work: Work) -> None:
    work.photos.rename(work.folder / "away")


def _back(work: Work) -> None:
    (work.folder / "away").rename(work.photos)


def _page_is_gone(work: Work) -> None:
    next((work.folder / "site" / "pages").glob("*.html")).unlink()


def _figure_is_other(work: Work) -> None:
    file = next((work.folder / "report" / "figures").glob("*.svg"))
    file.write_bytes(file.read_bytes()[::-1])


ALL = {"site", "report", "logdir"}
# A report takes as long as all else, so it is drawn anew after some of the changes only.
_REPORTED = (_added, _labelled, _other_encoder)
# In this order; with the outputs that are written again.
CHANGES: list[tuple[Callable[[Work], None], set[str]]] = [
    (_added, ALL),
    (_copied, ALL),
    (_renamed, ALL),
    (_deleted, ALL),
    (_damaged, ALL),
    (_labelled, ALL),
    (_other_encoder, ALL),
    (_previews, ALL),
    (_away, {"site", "report"}),
    (_back, {"site", "report"}),
    (_page_is_gone, {"site"}),
    (_figure_is_other, {"report"}),
]


@pytest.mark.parametrize(("change", "wanted"), CHANGES)
def test_outputs_after_a_change_are_those_that_are_written_anew(
    work: Work,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Work], None],
    wanted: set[str],
) -> None:
    # Tests of the same changes need what the ones before left: each makes all current first.
    for kind in (*MAINS, *MAINS):
        assert work.write(kind) == 0
    change(work)
    _told(capsys)
    found = set()
    # What one of them keeps in the store may be new to those before.
    for kind in (*MAINS, *MAINS):
        assert work.write(kind) == 0
        if not _NOTHING.fullmatch(_told(capsys)):
            found.add(kind)
    assert found == wanted
    anew = [kind for kind in MAINS if kind != "report" or change in _REPORTED]
    incremental = work.files(*anew)
    work.forget()
    for kind in anew:
        assert work.write(kind) == 0
        assert not _NOTHING.fullmatch(_told(capsys))
    assert work.files(*anew) == incremental


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("site", ["--page-size", "9"]),
        ("site", ["--seed", "1"]),
        ("site", ["--no-bundles"]),
        ("site", ["--k", "3"]),
        ("site", ["--communities", "leiden"]),
        ("report", ["--diverse", "5"]),
        ("logdir", ["--page-size", "9"]),
        ("logdir", ["--clusters", "3"]),
    ],
)
def test_other_options_are_new(
    work: Work, capsys: pytest.CaptureFixture[str], kind: str, options: list[str]
) -> None:
    work.write(kind)
    work.write(kind)
    assert work.write(kind, *options) == 0
    assert not _NOTHING.fullmatch(_told(capsys).split("nothing new")[-1])
    assert work.write(kind, *options) == 0
    assert _NOTHING.fullmatch(_told(capsys))


def test_an_output_of_somebody_else_is_written_anew(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    """A marker proves nothing: a site comes with the right one, and with a page of another."""
    work.write("site")
    assert work.write("site") == 0
    right = work.files("site")
    page = next((work.folder / "site" / "pages").glob("*.html"))
    data = page.read_bytes()
    page.write_bytes(data.replace(b"<title>", b"<script>"[:7], 1))
    _told(capsys)
    assert work.write("site") == 0
    assert not _NOTHING.fullmatch(_told(capsys))
    assert work.files("site") == right


def _hook_after(patch: pytest.MonkeyPatch, place: str, then: Callable[[], object]) -> None:
    """Let something happen once, right after a function was called."""
    module, _, name = place.rpartition(".")
    real, left = getattr(import_module(module), name), [then]

    def hooked(*args: object, **kwargs: object) -> object:
        found = real(*args, **kwargs)
        if left:
            left.pop()()
        return found

    patch.setattr(place, hooked)


# Of each kind, a function that is called when all is drawn and before the folder has its name.
DRAWN = {"site": "graph.pages.site._finish", "report": "imgrec.reporting.write.page_html"}


@pytest.mark.parametrize("kind", DRAWN)
def test_an_output_is_not_current_if_a_folder_of_pictures_came_while_it_was_drawn(
    work: Work, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    work.write(kind)
    work.write(kind)
    _away(work)
    _hook_after(monkeypatch, DRAWN[kind], lambda: _back(work))
    assert work.write(kind) == 0
    assert work.photos.exists()
    _told(capsys)
    assert work.write(kind) == 0
    assert not _NOTHING.fullmatch(_told(capsys))


def test_a_report_is_not_current_if_its_links_went_while_it_was_drawn(
    work: Work, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (*MAINS, *MAINS):
        work.write(kind)
    site, aside = work.folder / "site", work.folder / "site aside"
    _hook_after(monkeypatch, DRAWN["report"], lambda: site.rename(aside))
    # Another option, so that it is drawn.
    assert work.write("report", "--diverse", "3") == 0
    assert aside.exists()
    _told(capsys)
    assert work.write("report", "--diverse", "3") == 0
    assert not _NOTHING.fullmatch(_told(capsys))
    aside.rename(site)


KEPT = {
    "site": "graph.pages.site.keep_parts",
    "report": "imgrec.reporting.write.keep_labels",
    "logdir": "projector.export.keep_labels",
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_another_run_wrote_before_one_remembers_is_not_current(
    work: Work, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The first keeps what it computed; a second one, with other options, replaces its output."""
    other = {"site": ["--seed", "5"], "report": ["--diverse", "5"], "logdir": ["--clusters", "2"]}
    for options in ([], other[kind], [], other[kind]):
        work.write(kind, *options)
    right = work.files(kind)
    replaced = work.folder / "replaced"
    shutil.copytree(work.folder / kind, replaced)

    def replace() -> None:
        shutil.rmtree(work.folder / kind)
        replaced.rename(work.folder / kind)

    _hook_after(monkeypatch, KEPT[kind], replace)
    assert work.write(kind) == 0
    assert work.files(kind) == right and not replaced.exists()
    _told(capsys)
    assert work.write(kind) == 0
    assert not _NOTHING.fullmatch(_told(capsys))
    assert work.files(kind) != right


def test_the_number_of_workers_changes_nothing(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    work.write("site")
    work.write("site")
    _told(capsys)
    assert work.write("site", "--workers", "1") == 0
    assert _NOTHING.fullmatch(_told(capsys))
