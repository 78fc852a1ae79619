"""Progress: one line for a run, as a terminal shows it; lines in a log file; nothing when quiet."""

import io
import itertools
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pyte
import pytest

from imgrec.system import progress_run
from imgrec.system.progress import Stage, detailed, planned, progress
from imgrec.system.progress_line import State, clock_text, ended_line, line_in, log_line
from imgrec.system.progress_run import Run


class Terminal(io.StringIO):
    """A stream that reports to be a terminal, and is none for the system: 80 columns."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    # Not that of all modules: pytest replaces it between a fixture and its test.
    monkeypatch.setattr(progress_run, "sys", SimpleNamespace(stderr=stream))
    return stream


def _untimed(lines: list[str]) -> list[str]:
    """Return lines without their seconds, which are those of the clock of this machine."""
    return [re.sub(r"\d+\.\d s$", "… s", line) for line in lines]


def _emulated(text: str, columns: int = 80) -> list[str]:
    """Return the lines that a terminal shows after a text, without empty ones at the end."""
    screen = pyte.Screen(columns, 50)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(text)
    lines = [line.rstrip() for line in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _drawn(run: Run, clock: Clock, stages: list[tuple[str, int, float]]) -> Iterator[str]:
    """Run stages of (name, pictures, seconds); yield the name of the stage whenever it is drawn."""
    for name, total, takes_s in stages:
        stage = Stage(name, None, total or None, "pictures" if total else "", (), False)
        run.begin(stage)
        for i in range(20):
            clock.now_s += takes_s / 20
            if total:
                stage.n = total * (i + 1) // 20
                run.count(stage)
            run.draw()
            yield name
        run.end(stage, done=True)


_STAGES = [("neighbors", 2000, 8.0), ("UMAP, 2-D of all pictures", 0, 12.0), ("writing", 0, 2.0)]


@pytest.mark.parametrize("columns", [12, 40, 80, 200])
def test_a_terminal_shows_one_line_that_names_the_stage(
    columns: int, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "_width", lambda run: columns)
    clock = Clock()
    run = Run({"neighbors": 8, "UMAP, 2-D of all pictures": 12, "writing": 2}, clock=clock,
              drawn_by_thread=False)  # fmt: skip
    seen = []
    for name in _drawn(run, clock, _STAGES):
        shown = _emulated(terminal.getvalue(), columns)
        seen += shown
        # Before it lasts there is none, and never two.
        assert shown == [] or (len(shown) == 1 and shown[0].startswith(name[: columns - 1]))
        assert all(len(line) < columns for line in shown)
    run.close()
    assert _emulated(terminal.getvalue(), columns) == []
    assert len(seen) > 50
    assert (sum(" left" in line for line in seen) > 20) == (columns > 30)
    assert not re.search(r"[^\n\r\x20-\x7e█░]", terminal.getvalue())
    assert "?" not in terminal.getvalue()


def test_the_line_is_deleted_where_the_next_text_begins(terminal: Terminal) -> None:
    clock = Clock()
    run = Run({}, clock=clock, drawn_by_thread=False)
    with pytest.raises(StopIteration):
        drawing = _drawn(run, clock, _STAGES[:1])
        for _ in range(15):
            next(drawing)
        # An error ends the command while a line is shown.
        run.close()
        terminal.write("imgrec graph: no space left\n")
        raise StopIteration
    assert _emulated(terminal.getvalue()) == ["imgrec graph: no space left"]


def test_details_leave_a_line_of_each_stage_in_order(terminal: Terminal) -> None:
    clock = Clock()
    run = Run({}, detailed=True, clock=clock, drawn_by_thread=False)
    for _ in _drawn(run, clock, _STAGES):
        pass
    run.close()
    assert _emulated(terminal.getvalue()) == [
        "neighbors: 2,000 pictures, 8.0 s", "UMAP, 2-D of all pictures: 12.0 s", "writing: 2.0 s"
    ]  # fmt: skip


def test_the_inner_stage_is_shown_and_the_outer_one_again(terminal: Terminal) -> None:
    clock = Clock()
    run = Run({}, clock=clock, drawn_by_thread=False)
    outer, inner = (Stage(name, None, None, "", (), False) for name in ("maps", "UMAP, 2-D"))

    def shown() -> list[str]:
        clock.now_s += 1.5
        run.draw()
        return _emulated(terminal.getvalue())

    run.begin(outer)
    assert shown() == ["maps: 00:02 so far"]
    run.begin(inner)
    assert shown() == ["UMAP, 2-D: 00:02 so far"]
    run.end(inner, done=True)
    assert shown() == ["maps: 00:04 so far"]
    run.end(outer, done=True)
    assert _emulated(terminal.getvalue()) == []


def test_a_log_file_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = io.StringIO(), Clock()
    monkeypatch.setattr("sys.stderr", stream)
    run = Run({}, clock=clock, drawn_by_thread=False)
    for _ in _drawn(run, clock, [("short", 100, 10.0), ("reading pictures", 4000, 100.0)]):
        pass
    run.close()
    lines = stream.getvalue().splitlines()
    told = r"reading pictures: [\d,]+ of 4,000 pictures, \d+/s, \d\d:\d\d so far, \d\d:\d\d left"
    assert len(lines) == 5
    assert all(re.fullmatch(told, line) for line in lines)
    assert "\r" not in stream.getvalue() and "█" not in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_and_no_work_print_nothing(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    token = detailed.set(True)
    try:
        with planned({"neighbors": 9.0}), progress("neighbors", total=40, quiet=True) as bar:
            bar.update(40)
        with progress("neighbors", total=0):
            pass
    finally:
        detailed.reset(token)
    assert stream.getvalue() == ""


def test_stages_anywhere_in_the_call_tree_are_one_run(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Run] = []
    begin = Run.begin

    def seen(run: Run, stage: Stage) -> None:
        made.append(run)
        begin(run, stage)

    monkeypatch.setattr(Run, "begin", seen)
    token = detailed.set(True)
    try:
        with planned({"a": 1.0}):
            assert list(progress("a", [7, 8], unit="figures")) == [7, 8]
            with planned({"b": 1.0}), progress("b"):
                pass
        with progress("alone"):
            pass
    finally:
        detailed.reset(token)
    assert made[0] is made[1]
    assert made[2] is not made[0]
    told = _untimed(_emulated(terminal.getvalue()))
    assert told == ["a: 2 figures, … s", "b: … s", "alone: … s"]


def test_what_was_counted_before_the_stage_begins_counts(terminal: Terminal) -> None:
    token = detailed.set(True)
    try:
        stage = progress("thumbnails", total=3, unit="pictures")
        stage.update(2)
        with stage:
            stage.update()
    finally:
        detailed.reset(token)
    assert _untimed(_emulated(terminal.getvalue())) == ["thumbnails: 3 pictures, … s"]


def test_the_thread_draws_while_nothing_is_counted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_run, "_DRAW_EVERY_S", 0.01)
    monkeypatch.setattr(progress_run, "_FIRST_S", 0.0)
    with progress("UMAP, 2-D of all pictures"):
        for _ in itertools.takewhile(lambda _: not terminal.getvalue(), itertools.count()):
            pass
    assert terminal.getvalue().startswith("\rUMAP, 2-D of all pictures")
    assert _emulated(terminal.getvalue()) == []


def test_weights_say_how_much_is_done_after_each() -> None:
    stage = progress("figures", ["sheet", "bars"], weights=[9, 1])
    assert stage.share() == 0
    stage.update()
    assert stage.share() == pytest.approx(0.9)
    stage.update()
    assert stage.share() == 1


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (79, "near ██████████░░░░░░░░░░░░░░░░░░░░ 1,000 of 3,000 pairs, 100/s, 00:17 left"),
        (60, "near ██████░░░░░░░░░░░░░ 1,000 of 3,000 pairs, 100/s, 00:17 left"),
        (50, "near ████░░░░░░░░░░ 1,000 of 3,000 pairs, 00:17 left"),
        (39, "near: 1,000 of 3,000 pairs, 00:17 left"),
        (30, "near: 33 %, 00:17 left"),
        (16, "near: 00:17 left"),
        (10, "near"),
        (3, "nea"),
    ],
)
def test_narrow_terminals_get_what_matters(width: int, line: str) -> None:
    found = line_in(State("near", 1000, 3000, "pairs", 10.0, 17.2, 1 / 3), width)
    assert len(found) <= width
    assert re.sub("[█░]+", "#", found) == re.sub("[█░]+", "#", line)


def test_lines_in_words() -> None:
    unknown = State("compiling lite0", 0, None, "", 12.0, None)
    assert line_in(unknown, 79) == "compiling lite0: 00:12 so far"
    assert line_in(State("writing", 0, None, "", 0.4, None), 79) == "writing"
    assert "#" in line_in(State("near", 1, 2, "pairs", 1.0, None, 0.5), 79, blocks=False)
    slow = State("drawing figures", 2, 22, "figures", 64.0, 72.0)
    assert log_line(slow) == "drawing figures: 2 of 22 figures, 01:04 so far, 01:12 left"
    assert ended_line(State("pages", 1, 1, "pages", 0.25, None)) == "pages: 1 page, 0.2 s"
    two = State("near", 2, 2, "pictures", 0.25, None, of="mini")
    assert ended_line(two) == "near of mini: 2 pictures, 0.2 s"
    assert [clock_text(s) for s in (0.4, 59.6, 3600, 36_610)] == [
        "00:00", "01:00", "1:00:00", "10:10:10"
    ]  # fmt: skip
