"""What the doctor finds in a logdir, as lines."""

from pathlib import Path

from imgrec.checks import CheckReport, check_logdir


def texts(report: CheckReport, severity: str = "error") -> list[str]:
    """Return the findings of a severity as lines with their effects."""
    return [
        f"{f.place}: {f.problem}; {f.effect}" for f in report.findings if f.severity == severity
    ]


def only(report: CheckReport, severity: str = "error") -> str:
    """Return the only finding of a report as a line."""
    (finding,) = report.findings
    assert finding.severity == severity
    return f"{finding.place}: {finding.problem}; {finding.effect}"


def check_found(logdir: Path, said: tuple[str, ...]) -> None:
    """Assert that a logdir has exactly the findings that contain these texts, in this order."""
    found = [f"{f.severity} {f.place}: {f.problem}" for f in check_logdir(logdir).findings]
    assert len(found) == len(said), found
    assert all(text in line for text, line in zip(said, found, strict=True)), found
