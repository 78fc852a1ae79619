"""What a file of torch weights holds, found without loading it.

`torch.load(weights_only=True)` refuses code, but its message advises how to switch the refusal off,
and it decompresses whatever a zip archive declares. So sizes are checked before torch reads a file,
and what torch refuses is explained by the names that the pickle asks for. `pickletools` reads the
opcodes of a pickle as data: nothing is imported, built or called.

Source: `torch/serialization.py` and `torch/_weights_only_unpickler.py` of PyTorch 2; PEP 3154.
"""

import pickletools
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

from imgrec.system.file_names import printable

RUNS_NOTHING = (
    "code or objects beside tensors; imgrec never runs these: "
    "save model.state_dict() alone, or use a safetensors file"
)

_ZIP = b"PK\x03\x04"
# The first byte of a pickle of protocol 2 and above, which torch.save writes.
_PICKLE = b"\x80"
# torch.save stores tensors uncompressed. Archives packed again by others stay far below this.
_MAX_RATIO = 8
_FREE_BYTES = 64 * 2**20
# Names, shapes and types of tensors; that of a checkpoint of the largest models has a few MB.
_MAX_PICKLE_BYTES = 64 * 2**20
# A file of the older format has five pickles, one after the other.
_PICKLES = 5
# Of the pickles that torch.save writes and torch.load reads without code.
_PROTOCOL = 2
_NAMES_SHOWN = 3
_NAME_SHOWN = 60
# What a state dict is made of, as "module name".
_PLAIN = re.compile(
    r"torch (\w*Storage|Size|device|Tensor|[a-z]+\d+\w*|float|double|half|int|long|short|bool)"
    r"|torch\._utils _rebuild_\w+|torch\._tensor _rebuild_from_type_v2"
    r"|torch\.storage \w*Storage|torch\.nn\.parameter (Parameter|Buffer)"
    r"|torch\.serialization _get_layout"
    r"|collections (OrderedDict|Counter)|_codecs encode"
)
# Words of torch's and timm's messages on a file that they refuse because of what it holds.
_REFUSAL = re.compile("weights_?.?only|safe_globals|allowlist|unsupported global", re.IGNORECASE)


def unreadable(file: Path) -> str | None:
    """Return why torch must not read a file, None if it may.

    A truncated archive, one that unpacks to far more than its size, TorchScript, and what no
    version of `torch.save` writes.

    Raises:
        OSError: the file cannot be read.
    """
    with file.open("rb") as opened:
        head = opened.read(4)
        if head == _ZIP:
            return _of_archive(opened)
    if not head:
        return "it is empty"
    return None if head.startswith(_PICKLE) else "it is no file that torch.save writes"


def refusal(file: Path) -> str:
    """Return why torch refused a file that it did read: it holds code or objects, or is damaged."""
    names: set[str] = set()
    protocol, whole = 0, False
    # Opcodes that are none, strings that are no UTF-8, numbers out of range: damage of any kind.
    with suppress(Exception):
        for opcode, said in _imports_of(file):
            if opcode == "PROTO":
                protocol = max(protocol, int(said))
            elif opcode == "STOP":
                whole = True
            elif not _PLAIN.fullmatch(said):
                names.add(said)
    if names:
        return f"it holds {_listed(sorted(names))}: {RUNS_NOTHING}"
    if whole and protocol > _PROTOCOL:
        return f"it is a pickle of protocol {protocol}: save it with torch.save's own, {_PROTOCOL}"
    return "it is damaged or cut short"


def reason_of(error: BaseException) -> str:
    """Return the message of a library that loaded weights, as one line, without its advice.

    Libraries advise to load with code where a file was refused for it; this is said instead.
    """
    text = " ".join(printable(str(error)).split())
    if _REFUSAL.search(text):
        return f"its file holds {RUNS_NOTHING}"
    return text[:200] or type(error).__name__


def _of_archive(opened: BinaryIO) -> str | None:
    try:
        with zipfile.ZipFile(opened) as archive:
            members = archive.infolist()
    # Headers of an archive that is cut short or written by an adversary; EOFError, struct.error.
    except Exception:
        return "it is damaged or cut short"
    packed = opened.seek(0, 2)
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MAX_RATIO * packed + _FREE_BYTES:
        return f"its {packed:,} bytes unpack to {unpacked:,}, which torch.save does not write"
    names = [member.filename for member in members]
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        return f"it is a TorchScript archive, which holds {RUNS_NOTHING}"
    pickles = [member for member in members if member.filename.endswith("data.pkl")]
    if len(pickles) != 1:
        return "it is a zip archive, but none that torch.save writes"
    if pickles[0].file_size > _MAX_PICKLE_BYTES:
        return f"its data.pkl has {pickles[0].file_size:,} bytes, more than any state dict"
    return None


def _listed(names: list[str]) -> str:
    shown = [printable(name.replace(" ", "."))[:_NAME_SHOWN] for name in names[:_NAMES_SHOWN]]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(shown) + more


def _imports_of(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the opcodes of a file's pickles that matter here, each with what it says.

    They are PROTO with the protocol, IMPORT with "module name", and STOP.
    """
    with file.open("rb") as opened:
        if opened.read(4) == _ZIP:
            with zipfile.ZipFile(opened) as archive:
                (name,) = (n for n in archive.namelist() if n.endswith("data.pkl"))
                with archive.open(name) as member:
                    yield from _imports(member)
            return
        opened.seek(0)
        for _ in range(_PICKLES):
            yield from _imports(opened)


def _imports(opened: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Yield what a pickle imports; reads up to its end."""
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(opened):
        if opcode.name == "PROTO":
            yield "PROTO", str(argument)
        elif opcode.name in ("GLOBAL", "INST"):
            yield "IMPORT", str(argument)
        elif opcode.name == "STACK_GLOBAL":
            # The two strings before it; a name from the memo shows as an earlier one.
            yield "IMPORT", " ".join(texts[-2:])
        elif opcode.name == "STOP":
            yield "STOP", ""
        elif isinstance(argument, str):
            texts = [*texts[-1:], argument]
