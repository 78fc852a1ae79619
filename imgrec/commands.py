"""What every command shares: one-line errors, exit codes, output that never breaks."""

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from imgrec.errors import ImgrecError
from imgrec.system.file_names import printable
from imgrec.system.interrupts import interrupted_once

_MOST_PROCESSES = 1024

Main = Callable[[argparse.Namespace], None]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in one line and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def run(parser: argparse.ArgumentParser, main: Main, argv: Sequence[str] | None) -> int:
    """Parse, run and translate errors: 0 done, 2 the user can mend it, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser.parse_args(argv)
    try:
        with interrupted_once():
            main(arguments)
            sys.stdout.flush()
    except ImgrecError as error:
        return _fail(parser, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        if argv is None:  # the process is about to end: another one must not spoil that
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write(f"\n{parser.prog}: stopped; the same command goes on where it was\n")
        return 130
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return _fail(parser, f"{error.strerror or error}{place}")
    except sqlite3.Error as error:
        return _fail(parser, f"the catalog cannot be read or written: {error}")
    return 0


def _fail(parser: argparse.ArgumentParser, message: str) -> int:
    sys.stderr.write(f"{parser.prog}: {' '.join(printable(message).split())}\n")
    return 2


def positive(value: str) -> int:
    """Return the whole number of an argument that must be 1 or more."""
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is not 1 or more")
    return number


def not_negative(value: str) -> int:
    """Return the whole number of an argument that must be 0 or more."""
    number = int(value)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{value} is not 0 or more")
    return number


def processes(value: str) -> int:
    """Return how many worker processes an argument asks for."""
    number = not_negative(value)
    if number > _MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"{value} is more than {_MOST_PROCESSES}")
    return number


def seed(value: str) -> int:
    """Return the seed of an argument, as random number generators take it."""
    number = not_negative(value)
    if number >= 1 << 32:
        raise argparse.ArgumentTypeError(f"{value} is not below 2^32")
    return number


def some_of(
    known: Sequence[str], what: str, *, or_none: bool = False
) -> Callable[[str], tuple[str, ...]]:
    """Return how to read an argument that names some of what is known, by commas, each once.

    Args:
        known: the names.
        what: one of them is, as "layout".
        or_none: take `none` for none of them.
    """

    def named(value: str) -> tuple[str, ...]:
        names = () if or_none and value == "none" else tuple(dict.fromkeys(value.split(",")))
        unknown = [name for name in names if name not in known]
        if unknown:
            there = ", ".join(known) + (", or none" if or_none else "")
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no {what} (there: {there})")
        return names

    return named
