"""What every command shares: the guard around it, its exit codes, and its one-line errors.

A command module is light: at its top it imports the standard library and this module. numpy and
everything above it are imported inside the functions that `run` calls, for two reasons: `--help`
answers at once, and a Ctrl-C while they are imported ends like any other.

Exit codes: 0 done, 2 an error that the user can correct, 130 interrupted by Ctrl-C.
"""

import argparse
import io
import os
import signal
import sqlite3
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from imgrec.errors import ImgrecError, WrongValueError, cause_of
from imgrec.system.advice import with_options, with_store
from imgrec.system.file_names import printable
from imgrec.system.interrupts import interrupted_once
from imgrec.system.progress import detailed, planned
from imgrec.system.suggestions import close_matches, did_you_mean
from imgrec.system.text import counted, seconds_text
from imgrec.version import __version__

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INTERRUPTED = 130

# What the user wrote behind `--store`; None where the command found its store by itself.
_named_store: ContextVar[Path | None] = ContextVar("_named_store", default=None)

Main = Callable[[argparse.Namespace], int | None]


class Parser(argparse.ArgumentParser):
    """An argument parser with `--version`, examples as they are written, one-line errors."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # An empty name would be the folder one works in.
        self.register("type", Path, path_argument)
        version = f"imgrec {__version__}"
        self.add_argument("--version", action="version", version=version, help="print the version")

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse arguments; an option that does not exist is answered with those like it.

        That is looked for first, since a missing argument may just be misspelled.
        """
        given = sys.argv[1:] if args is None else list(args)
        unknown = self._unknown_options(given)
        if unknown:
            self.error(f"there is no option {unknown[0]}{self._meant(unknown[0])}")
        found, rest = self.parse_known_args(given, namespace)
        if rest and not self._joined(found, rest):
            self.error(f"there is no argument {rest[0]!r}{self._meant(rest[0])}")
        found.given = self._given(found)
        return found

    def _joined(self, found: argparse.Namespace, rest: Sequence[str]) -> bool:
        """Add names behind an option to those before it, as in `a.jpg -k 3 b.jpg`; True if done.

        argparse ends a list of names at the first option.
        """
        end = rest.index("--") if "--" in rest else len(rest)
        if any(name.startswith("-") for name in rest[:end]):
            return False
        for action in self._actions:
            if not action.option_strings and action.nargs in ("*", "+"):
                names = [*getattr(found, action.dest), *rest[:end], *rest[end + 1 :]]
                setattr(found, action.dest, names)
                return True
        return False

    def _given(self, found: argparse.Namespace) -> dict[str, str]:
        """Return the options that differ from their default, as written, by attribute."""
        given: dict[str, str] = {}
        for action in self._actions:
            value = getattr(found, action.dest, action.default)
            if action.option_strings and value != action.default:
                given.setdefault(action.dest, action.option_strings[0])
        return given

    def _unknown_options(self, given: Sequence[str]) -> list[str]:
        """Return the long options that are neither known nor the beginning of a known one."""
        options = given[: given.index("--")] if "--" in given else given
        names = [name.partition("=")[0] for name in options if name.startswith("--")]
        known = self._option_string_actions
        return [name for name in names if not any(one.startswith(name) for one in known)]

    def _meant(self, option: str) -> str:
        if not option.startswith("-"):
            return ""
        near = close_matches(option, self._option_string_actions, 2)
        return f", did you mean {' or '.join(near)}?" if near else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of the choices of an option, with those like it."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            meant = did_you_mean(str(value), map(str, action.choices or ()))
            if not meant:
                raise
            raise argparse.ArgumentError(action, f"{error.message}, {meant}") from None

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in one line and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def path_argument(text: str) -> Path:
    """Return the path that an argument names.

    Raises:
        ArgumentTypeError: it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty text is no path: name one")
    return Path(text)


MakeParser = Callable[[str], argparse.ArgumentParser]


def run(prog: str, make_parser: MakeParser, main: Main, argv: Sequence[str] | None = None) -> int:
    """Build the parser, parse and call `main`; return the exit code.

    All three run inside the guard, so that their imports do too. The errors that a user can cause
    (`ImgrecError`, `OSError`, `sqlite3.Error`) become one line on stderr.

    Args:
        prog: the command as the user writes it, such as `imgrec query`.
        make_parser: called with `prog`.
        main: called with the parsed arguments; what it returns is the exit code, None is 0.
        argv: the arguments; None for those of the process, which is then about to end.

    Raises:
        SystemExit: the arguments are wrong (2), or asked for help or the version (0).
    """
    _open_streams()
    # Said where there is no /dev/shm, as in some containers; nothing here needs its processes.
    warnings.filterwarnings("ignore", ".*joblib will operate in serial mode", UserWarning)
    return _guarded(prog, make_parser, main, argv)


def _guarded(prog: str, make_parser: MakeParser, main: Main, argv: Sequence[str] | None) -> int:
    before, before_detailed = _named_store.set(None), detailed.set(False)
    try:
        return _exit_code(prog, make_parser, main, argv)
    finally:
        _named_store.reset(before)
        detailed.reset(before_detailed)


def _exit_code(prog: str, make_parser: MakeParser, main: Main, argv: Sequence[str] | None) -> int:
    began_s = time.monotonic()
    try:
        # Of a process of its own: then a later Ctrl-C finds no handler that would end it.
        with interrupted_once(to_the_end=argv is None):
            try:
                arguments = make_parser(prog).parse_args(argv)
                _named_store.set(getattr(arguments, "store", None))
                arguments.began_s = began_s
                detailed.set(getattr(arguments, "verbose", False))
                # Its line is deleted before an error is written.
                with planned({}):
                    return main(arguments) or 0
            finally:
                sys.stdout.flush()
    except WrongValueError as error:
        return _fail(prog, with_options(str(error)))
    except ImgrecError as error:
        return _fail(prog, str(error))
    except (MemoryError, ImportError, RuntimeError) as error:
        if not _is_shortage(error):
            raise
        return _fail(prog, f"memory does not suffice ({error}): give it more, or fewer --workers")
    except BrokenPipeError:
        # Whoever reads the output has seen enough, as `| head` has.
        _discard_output()
        return 0
    except KeyboardInterrupt:
        if argv is None:
            # A second Ctrl-C must interrupt neither the line nor the end of the process.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write(f"\n{prog}: stopped; the same command continues where it was\n")
        return INTERRUPTED
    except OSError as error:
        _discard_unwritable_output()
        place = f": {error.filename}" if error.filename else ""
        return _fail(prog, f"{cause_of(error)}{place}")
    except sqlite3.Error as error:
        return _fail(prog, f"the catalog cannot be read or written: {error}")


def summary_line(told: Iterable[str], arguments: argparse.Namespace, made: Path | str = "") -> str:
    """Return the line that a command ends with: how many of what, its seconds, what to open.

    Args:
        told: counts with their nouns.
        arguments: of the command.
        made: the file or folder that it wrote.
    """
    took = seconds_text(time.monotonic() - arguments.began_s)
    where = f": {printable(str(made))}" if made else ""
    return f"{', '.join([*told, took])}{where}\n"


def made_and_kept(total: int, kept: int, noun: str, how: str) -> list[str]:
    """Return the counts of what a run made and what it took over: "4 pages written", "34 kept"."""
    if not kept:
        return [counted(total, noun)]
    return [f"{counted(total - kept, noun)} {how}", f"{kept:,} kept"]


def warn(prog: str, warnings: Iterable[str]) -> None:
    """Write warnings to stderr, a line each, with commands that can be pasted."""
    for line in warnings:
        sys.stderr.write(f"{prog}: {printable(pasteable(line))}\n")


def pasteable(text: str) -> str:
    """Return a message in which commands name the store that the user has named."""
    return with_store(text, _named_store.get())


def _open_streams() -> None:
    """Make the standard streams usable: open where they are closed, for names of any bytes."""
    # A closed stream (`>&-`) is None. The null device takes its file descriptor, so that no file
    # opened later gets it, and with it what a library prints.
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    if sys.__stderr__ is not None and sys.stderr is sys.__stderr__:
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_Forgiving(sys.stderr.fileno(), "wb", closefd=False)),
            encoding=sys.stderr.encoding,
            line_buffering=True,
        )
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class _Forgiving(io.FileIO):
    """A file that drops what cannot be written.

    Warnings and progress must not end a run whose stderr is a closed pipe or on a full disk.
    """

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write bytes; return how many there were."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _is_shortage(error: Exception) -> bool:
    """Return True if an exception is due to a lack of memory, as libraries report it."""
    told = ("failed to map segment", "cannot allocate memory", "can't start new thread")
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in told)


def _discard_output() -> None:
    """Point stdout at the null device, so that its flush at exit does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _discard_unwritable_output() -> None:
    """Point stdout at the null device if it takes no more, as on a full disk."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _fail(prog: str, message: str) -> int:
    sys.stderr.write(f"{prog}: {' '.join(printable(pasteable(message)).split())}\n")
    return 2
