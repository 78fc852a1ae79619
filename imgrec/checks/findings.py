"""What a check finds: one line each."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from imgrec.system.file_names import printable

Severity = Literal["error", "warning"]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        severity: error where something is not shown or shown wrong; warning where it is slow
            or a part of the page does not work.
        place: what it is about, as run / tensor.
        problem: what is wrong, with the values.
        effect: what the user sees because of it.
    """

    severity: Severity
    place: str
    problem: str
    effect: str


# Yields what it finds and returns what it learned.
Check = Generator[Finding, None, _T]


@dataclass(frozen=True)
class CheckReport:
    """The outcome of a check.

    Attributes:
        holdings: (place, what it holds) of everything that has no error.
        findings: in the order of the places.
    """

    holdings: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether there is an error, not warnings alone."""
        return any(finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True)
class Place:
    """Where findings are about, and what makes them."""

    name: str

    def error(self, problem: str, effect: str) -> Finding:
        """Return an error here."""
        return Finding("error", self.name, problem, effect)

    def warning(self, problem: str, effect: str) -> Finding:
        """Return a warning here."""
        return Finding("warning", self.name, problem, effect)


def collected(check: Check[_T], findings: list[Finding]) -> _T:
    """Run a check to its end: keep what it finds, return what it learned."""
    while True:
        try:
            findings.append(next(check))
        except StopIteration as end:
            learned: _T = end.value
            return learned


def render(report: CheckReport) -> str:
    """Return a report, a line for each holding and each finding, fit for any terminal."""
    lines = [f"ok       {place}: {what}" for place, what in report.holdings]
    lines += [f"{f.severity:<8} {f.place}: {f.problem}; {f.effect}" for f in report.findings]
    return "".join(f"{printable(line)}\n" for line in lines)


def file_problem(path: Path, what: str) -> str | None:
    """Return why a path is no file that can be read, or None where it is one."""
    try:
        if not path.exists():
            return f"{what} is absent"
        if not path.is_file():  # reading a pipe would wait for ever
            return f"{what} is no file"
        with path.open("rb"):
            return None
    except (OSError, ValueError) as error:
        return unreadable(what, error)


def unreadable(what: str, error: Exception) -> str:
    """Return the sentence for a file that the system does not let us read."""
    return f"{what} cannot be read ({getattr(error, 'strerror', None) or error})"


def shortened(names: Iterable[str], shown: int = 3) -> str:
    """Return the first few names, quoted, and how many more there are."""
    quoted = [f'"{name[:40]}"' for name in names]
    more = f" and {len(quoted) - shown} more" if len(quoted) > shown else ""
    return ", ".join(quoted[:shown]) + more
