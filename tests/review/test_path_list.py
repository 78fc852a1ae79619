"""Lists for a shell: `sh` and `xargs` read back the very names, and nothing else happens."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgrec import ImgrecError
from imgrec.review.path_list import check_list, null_separated, quoted_lines

HOSTILE = [
    b"/p/plain.jpg", b"/p/two words", b"/p/quo\"te's", b"/p/$(touch PWNED)", b"/p/`touch PWNED`",
    b"/p/a;touch PWNED", b"/p/-rf", b"/p/*", b"/p/~", b"/p/\\", b"/p/a\\'b", b"/p/!!", b"/p/#x",
    b"/p/not utf \xff\xfe", "/p/日本 \u2028 é".encode(), b"/p/tab\tand\x1b[31m", b"/p/%s%n",
]  # fmt: skip
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX shells")
NAMES = st.binary(min_size=1, max_size=12).map(lambda name: b"/" + name.replace(b"\0", b"\1"))


def _printed(program: list[str], data: bytes, folder: Path) -> bytes:
    if not shutil.which(program[0]):
        pytest.skip(f"no {program[0]}")
    done = subprocess.run(program, input=data, capture_output=True, cwd=folder, check=True)
    assert not list(folder.iterdir())
    return done.stdout


@posix
@pytest.mark.parametrize("shell", ["sh", "bash", "xargs"])
def test_shells_and_xargs_read_back_every_name(shell: str, tmp_path: Path) -> None:
    data, left = quoted_lines(map(os.fsdecode, HOSTILE))
    assert left == 0
    assert data.count(b"\n") == len(HOSTILE)
    if shell == "xargs":
        found = _printed(["xargs", "printf", "%s\\0"], data, tmp_path)
    else:
        script = b"".join(b"printf '%s\\0' " + line + b"\n" for line in data.splitlines())
        found = _printed([shell, "-s"], script, tmp_path)
    assert found.split(b"\0")[:-1] == HOSTILE


@posix
def test_names_with_line_breaks_are_in_the_other_list_only(tmp_path: Path) -> None:
    names = [*HOSTILE, b"/p/line\nbreak", b"/p/carriage\rreturn\n"]
    data, left = quoted_lines(map(os.fsdecode, names))
    assert left == 2
    assert data == quoted_lines(map(os.fsdecode, HOSTILE))[0]
    every = null_separated(map(os.fsdecode, names))
    assert every.split(b"\0")[:-1] == names
    assert _printed(["xargs", "-0", "printf", "%s\\0"], every, tmp_path) == every


@posix
@given(st.lists(NAMES, max_size=5))
@example([b"/"])
def test_any_bytes_come_back(names: list[bytes]) -> None:
    assert null_separated(map(os.fsdecode, names)) == b"".join(name + b"\0" for name in names)
    data, left = quoted_lines(map(os.fsdecode, names))
    assert data.count(b"\n") == len(names) - left
    assert left == sum(b"\n" in name or b"\r" in name for name in names)


def test_only_a_list_is_replaced(tmp_path: Path) -> None:
    for content in (b"", b"/a/b\n", b"'/a b'\n", b"C:\\x\0"):
        (tmp_path / "list").write_bytes(content)
        check_list(tmp_path / "list")
    check_list(tmp_path / "new")
    for content in (b"\xff\xd8\xff\xe0", b"notes", b"'x"):
        (tmp_path / "photo.jpg").write_bytes(content)
        with pytest.raises(ImgrecError, match="is no list of paths and would be lost"):
            check_list(tmp_path / "photo.jpg")
    for place in (tmp_path, tmp_path / "nowhere" / "list"):
        with pytest.raises(ImgrecError, match="cannot be written: give the path of a file"):
            check_list(place)
