"""Run tests on a copy of the tree, in a forked process that has numpy, numba and pytest loaded.

A mutant needs a fresh process, and starting one would take longer than most tests: so the heavy
libraries are imported once, and the process that runs the tests is forked from there. imgrec and
the tests are imported in it, from the copy. Nothing else uses what is imported here.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import hypothesis
import numba
import numpy as np  # noqa: F401
import PIL.Image  # noqa: F401
import pytest
import scipy.sparse  # noqa: F401
import sklearn.decomposition  # noqa: F401

# A found counterexample is enough: it need not be made smaller. The same examples in each run.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    suppress_health_check=list(hypothesis.HealthCheck),
)

_PASSED, _FAILED = 0, 1


class BaselineError(Exception):
    """Tests fail without any mutant."""


@dataclass(frozen=True)
class Baseline:
    """What the tests of a module do without any mutant.

    Attributes:
        seconds: all of them took.
        tests: by line of the module, the tests that run it; "" for a line that runs at import or
            in a fixture that tests share.
        durations: of each test, in seconds.
    """

    seconds: float
    tests: dict[int, list[str]]
    durations: dict[str, float]

    def tests_of(self, lines: range) -> set[str]:
        """Return the tests that run one of some lines; "" among them stands for all tests."""
        return {test for line in lines for test in self.tests.get(line, [])}


@dataclass(eq=False)
class _Watch:
    """A plugin of pytest: chooses the tests, and notes which was the first that failed.

    Attributes:
        order: the tests that run the changed line and the baseline; None for a baseline.
        tracer: of a baseline.
        durations: found out by a baseline.
        failed: the first test that failed.
        current: the test that runs.
    """

    order: tuple[set[str], Baseline] | None
    tracer: coverage.Coverage | None
    durations: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    current: str = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.order:
            running, baseline = self.order
            if "" not in running:
                items[:] = [item for item in items if item.nodeid in running]
            durations = baseline.durations
            items.sort(key=lambda item: (item.nodeid not in running, durations[item.nodeid]))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.current = nodeid
        if self.tracer:
            self.tracer.switch_context(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        if not self.tracer or fixturedef.scope == "function":
            return (yield)
        self.tracer.switch_context("")
        try:
            return (yield)
        finally:
            self.tracer.switch_context(self.current)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid
        if report.when == "call":
            self.durations[report.nodeid] = report.duration


@dataclass(frozen=True)
class Running:
    """A process that runs tests in a copy."""

    pid: int
    copy: Path
    deadline: float

    def outcome(self) -> tuple[str, str] | None:
        """Return `killed`, `survived`, `time` or `crash` with a detail; None while it runs."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        if not done:
            if time.monotonic() < self.deadline:
                return None
            self.end()
            os.waitpid(self.pid, 0)
            return "time", ""
        # What a test left running.
        self.end()
        code = os.waitstatus_to_exitcode(status)
        if code == _PASSED:
            return "survived", ""
        if code < 0:
            return "crash", signal.Signals(-code).name
        with contextlib.suppress(OSError, ValueError):
            return "killed", str(json.loads(_report(self.copy).read_text("utf-8"))["failed"])
        return "killed", "at import"

    def end(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def measure(copy: Path, module: str, files: Sequence[str]) -> Baseline:
    """Return what the tests do on the module as it is, and which lines each test runs.

    Raises:
        BaselineError: a test fails.
    """
    started = time.monotonic()
    running = start(copy, module, files, None, 3600)
    while (outcome := running.outcome()) is None:
        time.sleep(0.02)
    if outcome[0] != "survived":
        raise BaselineError(f"{module}: its tests fail without a mutant: {outcome}, {_log(copy)}")
    found = json.loads(_report(copy).read_text("utf-8"))
    tests = {int(line): names for line, names in found["tests"].items()}
    return Baseline(time.monotonic() - started, tests, found["durations"])


def start(
    copy: Path,
    module: str,
    files: Sequence[str],
    order: tuple[set[str], Baseline] | None,
    limit: int,
) -> Running:
    """Start the tests of a module in a copy and return the process.

    Args:
        copy: of the tree, with or without a mutant.
        module: the path of the file that is mutated.
        files: of tests.
        order: the tests that run the changed line, and the baseline; None measures a baseline.
        limit: seconds after which the process is killed.
    """
    _report(copy).unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 70
        try:
            os.setsid()
            # The process ends by itself where the one that watches it was killed.
            signal.alarm(limit + 5)
            code = _run(copy, module, files, order)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return Running(pid, copy, time.monotonic() + limit)


def _run(
    copy: Path, module: str, files: Sequence[str], order: tuple[set[str], Baseline] | None
) -> int:
    scratch = copy.parent / f"{copy.name}-scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    log = os.open(_log(copy), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(copy)
    # A mutant may delete what it should not: no folder of the user is named to it.
    os.environ |= {"PYTHONPATH": str(copy), "HOME": str(scratch), "TMPDIR": str(scratch)}
    tempfile.tempdir = None
    sys.path.insert(0, str(copy))
    if "numba" in (copy / module).read_text("utf-8"):
        # Compiled callers hold their callees: none of the machine code of before may be loaded.
        os.environ["NUMBA_CACHE_DIR"] = str(scratch / "numba")
        numba.config.reload_config()  # type: ignore[no-untyped-call]
    tracer = None
    if order is None:
        tracer = coverage.Coverage(
            data_file=None, config_file=False, include=[str(copy / module)], concurrency="thread"
        )
        tracer.start()
    watch = _Watch(order, tracer)
    options = ["-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", "--tb=short"]
    # The plugin of hypothesis was imported before the fork.
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*options, f"--basetemp={scratch / 'tests'}", *files], plugins=[watch])
    package = sys.modules.get("imgrec")
    # Nothing is judged by a package from elsewhere.
    if package is not None and not str(package.__file__).startswith(str(copy)):
        return 71
    report: dict[str, Any] = {"failed": watch.failed, "durations": watch.durations}
    if tracer:
        tracer.stop()
        report["tests"] = tracer.get_data().contexts_by_lineno(str(copy / module))
    _report(copy).write_text(json.dumps(report), "utf-8")
    return int(code)


def _report(copy: Path) -> Path:
    return copy.parent / f"{copy.name}.json"


def _log(copy: Path) -> Path:
    return copy.parent / f"{copy.name}.log"
