"""Progress: lines in a log file, a bar in a terminal, nothing when quiet."""

import io
import re

import pytest

from imgrec.system.progress import progress


class Terminal(io.StringIO):
    """A stream that reports to be a terminal."""

    def isatty(self) -> bool:
        return True


def _shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **more: object) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with progress(total=40, unit="pictures", log_every_s=0, **more) as bar:  # type: ignore[arg-type]
        for _ in range(4):
            bar.update(10)
    return stream.getvalue()


def test_a_log_file_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _shown(monkeypatch, io.StringIO(), desc="colors")
    assert "\r" not in shown and "█" not in shown
    lines = shown.splitlines()
    counts = [
        re.match(r"colors: (\d+) of 40 pictures, .*/s, .* so far, .* left$", line) for line in lines
    ]
    assert [int(found[1]) for found in counts if found] == [10, 20, 30, 40]
    assert all(counts)


def test_an_iterable_with_a_length_gets_lines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    assert list(progress([7, 8], unit="figures")) == [7, 8]
    assert stream.getvalue().startswith("2 of 2 figures, ")


def test_a_log_file_names_the_current_step(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with progress(total=40, unit="pictures") as bar:
        for what in ("a: UMAP", "a: UMAP", "b: UMAP"):
            bar.set_postfix_str(what)
        bar.update(40)
    told = [
        (line.split()[0], line.partition(" left, ")[2]) for line in stream.getvalue().splitlines()
    ]
    assert told == [("0", "a: UMAP"), ("0", "b: UMAP"), ("40", "b: UMAP")]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _shown(monkeypatch, Terminal())
    assert shown.startswith("\r") and "100%" in shown


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_prints_nothing(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    assert _shown(monkeypatch, stream, quiet=True) == ""


def test_no_work_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with progress(total=0, unit="pictures"):
        pass
    assert stream.getvalue() == ""
