"""Arguments that several commands share: their options, their types, the default store."""

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from imgrec.errors import ImgrecError, StoreError
from imgrec.objects.addresses import address_of, is_address, is_no_folder
from imgrec.system.suggestions import did_you_mean

STORE_VARIABLE = "IMGREC_STORE"
STORE_FOLDER = "imgrec-store"
_MOST_PROCESSES = 1024

Arguments = argparse._ActionsContainer  # a parser, or one of its groups


def store_option(
    group: Arguments, *, made: bool = False, folder: Callable[[str], Path | str] | None = None
) -> None:
    """Add `--store`; `store_of` returns what it means.

    Args:
        group: takes the option.
        made: the command makes the store where there is none.
        folder: the type of the argument; None for `local_store`.
    """
    else_made = "; made where there is none" if made else ""
    text = f"the store's folder; default: ${STORE_VARIABLE}, else ./{STORE_FOLDER}{else_made}"
    group.add_argument("--store", type=folder or local_store, metavar="DIR", help=text)


def local_store(text: str) -> Path:
    """Return the folder of a local store that an argument names.

    Raises:
        ArgumentTypeError: it is empty, or the address of a store in object storage.
    """
    if is_address(text):
        raise argparse.ArgumentTypeError(_pull_first(address(text)))
    if not text:
        raise argparse.ArgumentTypeError("an empty text is no path: name one")
    check_folder(text)
    return Path(text)


def address(text: str) -> str:
    """Return an argument that is an address of object storage.

    Raises:
        ArgumentTypeError: it is none, or carries what may be a secret.
    """
    try:
        address_of(text)
    except ImgrecError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def remote_store_argument(parser: Arguments, what: str = "of the store") -> None:
    """Add the argument that is the address of a store in object storage."""
    where = f"{what}: s3://BUCKET/PREFIX, gs://…, az://…, file:///FOLDER"
    parser.add_argument("url", metavar="URL", help=where)


def check_folder(text: str) -> None:
    """Check that a text can mean a folder.

    Raises:
        ArgumentTypeError: it was meant as an address, and is none.
    """
    if is_no_folder(text):
        address(text)


def _pull_first(address: str) -> str:
    return f"{address} is no folder: run imgrec pull {address} DIR, and name DIR"


def encoder_option(group: Arguments, what: str) -> None:
    """Add `--encoder`, the name of a feature or relation of the store.

    Args:
        group: takes the option.
        what: the feature is for, such as "the feature to compare".
    """
    text = f"{what}; default: the store's encoder; lite0+mini if that is lite0 and mini is there"
    group.add_argument("--encoder", metavar="NAME", help=text)


def seed_option(group: Arguments, what: str) -> None:
    """Add `--seed`, 0 by default.

    Args:
        group: takes the option.
        what: it seeds, such as "layouts".
    """
    text = f"random seed of {what}; the same seed gives the same result (default %(default)s)"
    group.add_argument("--seed", type=seed, default=0, metavar="N", help=text)


def workers_option(group: Arguments, what: str) -> None:
    """Add `--workers`, None by default: one per core.

    Args:
        group: takes the option.
        what: the processes do, such as "that decode pictures".
    """
    text = f"processes {what}; 0: only the main process; default: one per core"
    group.add_argument("--workers", type=processes, metavar="N", help=text)


def progress_options(group: Arguments) -> None:
    """Add `--quiet`, no progress, and `--verbose`, details instead of one line of summary."""
    group.add_argument("--quiet", action="store_true", help="no progress on stderr")
    text = "print details: counts by reason, each stage and its seconds"
    group.add_argument("-v", "--verbose", action="store_true", help=text)


def store_of(named: Path | None, *, made: bool = False) -> Path:
    """Return the folder of the store that a command works on.

    Args:
        named: by `--store`; None for `$IMGREC_STORE`, else `imgrec-store` where there is one.
        made: the command makes `imgrec-store` where there is none.

    Raises:
        StoreError: no store is named and there is no default one.
    """
    if named is not None:
        return named
    default = default_store()
    if default is not None:
        return default
    if made:
        return Path(STORE_FOLDER)
    raise StoreError(
        f"no store: name one by --store DIR, set {STORE_VARIABLE}, or work where there is a "
        f"folder {STORE_FOLDER} (imgrec index FOLDER makes it)"
    )


def refuse(given: Mapping[str, str], useless: Iterable[str], why: str) -> None:
    """Refuse the first option that was given and has no effect here.

    Args:
        given: the options that differ from their default, as written, by attribute: what
            `imgrec.commands.Parser` adds to the arguments as `given`.
        useless: attributes of the options that have no effect.
        why: they have none, and what to do; the end of the message.

    Raises:
        ImgrecError: one was given.
    """
    for name in useless:
        if name in given:
            raise ImgrecError(f"{given[name]} {why}")


def default_store() -> Path | None:
    """Return `$IMGREC_STORE`, else the folder `imgrec-store` where there is one, else None.

    Raises:
        StoreError: `$IMGREC_STORE` is an address of object storage.
    """
    if variable := os.environ.get(STORE_VARIABLE):
        if is_address(variable):
            raise StoreError(f"{STORE_VARIABLE}: {_pull_first(address_of(variable).url)}")
        return Path(variable)
    folder = Path(STORE_FOLDER)
    return folder if folder.is_dir() else None


def whole(value: str) -> int:
    """Return the whole number of an argument."""
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is no whole number") from None


def port_number(text: str) -> int:
    """Return a port of TCP, 0 for any.

    Raises:
        ArgumentTypeError: it is none.
    """
    number = whole(text)
    if not 0 <= number < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give 0 to 65535")
    return number


def positive(value: str) -> int:
    """Return the whole number of an argument that must be 1 or more."""
    number = whole(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is not 1 or more")
    return number


def not_negative(value: str) -> int:
    """Return the whole number of an argument that must be 0 or more."""
    number = whole(value)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{value} is not 0 or more")
    return number


def processes(value: str) -> int:
    """Return how many worker processes an argument asks for, from 0 to 1024."""
    number = not_negative(value)
    if number > _MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"{value} is more than {_MOST_PROCESSES}")
    return number


def seed(value: str) -> int:
    """Return the seed of an argument, 0 or more and below 2^32 as random generators take it."""
    number = not_negative(value)
    if number >= 1 << 32:
        raise argparse.ArgumentTypeError(f"{value} is not below 2^32")
    return number


def some_of(
    known: Sequence[str], what: str, *, or_none: bool = False
) -> Callable[[str], tuple[str, ...]]:
    """Return the type of an argument that lists some of the known names, separated by commas.

    A name listed twice counts once.

    Args:
        known: the names.
        what: a name stands for, such as "layout".
        or_none: accept the word `none` for an empty list.
    """

    def listed(value: str) -> tuple[str, ...]:
        names = () if or_none and value == "none" else tuple(dict.fromkeys(value.split(",")))
        unknown = [name for name in names if name not in known]
        if unknown:
            there = ", ".join(known) + (", or none" if or_none else "")
            meant = did_you_mean(unknown[0], known)
            raise argparse.ArgumentTypeError(
                f"{unknown[0]!r} is no {what} (there: {there}){', ' if meant else ''}{meant}"
            )
        return names

    return listed
