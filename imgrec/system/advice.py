"""Commands in messages, as they can be pasted into a shell.

Messages are written where something is found out, far below the command line, and name a command
as `imgrec index`. Which store the user works on, and whether it has to be named, is known to the
command alone. So a message is completed on its way out: `with_store` adds the `--store` that the
user wrote, and a message for a Python caller stays as it is. So does one about an argument, which
`with_options` turns into the option of the same name.
"""

import re
import shlex
import sys
from pathlib import Path

# Commands that take a store. One that names its store already, or a logdir or site, stays.
_COMMAND = re.compile(
    r"\bimgrec (?:index|query|report|doctor|catalog|projector|graph|duplicates|export|"
    r"collections|serve)\b"
    r"(?![^.;,:()]*--(?:store|undo)\b)(?! --(?:logdir|site)\b)"
)

# Names of arguments of a Python call, where a message is about them or says to use them.
_ARGUMENT = re.compile(
    r"(?:^|(?<=\bof )|(?<=\buse )|(?<=\bor )|(?<=\band ))(encoder|features|metric|text|under|where)"
    r"(?= (?!and |or |is ))"
)


def quoted(path: Path | str) -> str:
    """Return a path as one word of the shell of this system."""
    text = str(path)
    if sys.platform != "win32":
        return shlex.quote(text)
    import subprocess

    return subprocess.list2cmdline([text])


def with_options(text: str) -> str:
    """Return a message about arguments of a Python call in the words of the command line.

    `where folder=x: no picture has this value` becomes `--where folder=x: …`.
    """
    return _ARGUMENT.sub(r"--\1", text)


def with_store(text: str, store: Path | str | None) -> str:
    """Return a message whose commands name a store.

    Args:
        text: the message.
        store: as the user named it; None where commands find it without being told.
    """
    if store is None:
        return text
    return _COMMAND.sub(lambda found: f"{found[0]} --store {quoted(store)}", text)
