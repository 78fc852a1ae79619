"""What the system says of a file stands in a message without its number and the path again."""

import re
from pathlib import Path

import pytest

from imgrec.__main__ import main
from imgrec.errors import cause_of


def test_a_cause_is_the_text_of_the_system_or_that_of_the_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        (tmp_path / "none").read_bytes()
    assert cause_of(refused.value) == "No such file or directory"
    assert cause_of(ValueError("it holds no rows")) == "it holds no rows"
    assert cause_of(OSError("without a number")) == "without a number"


@pytest.mark.parametrize(
    "command",
    [
        ["duplicates", "--undo", "{none}"],
        ["index", "{none}", "--store", "{new}"],
        ["index", "{loop}", "--store", "{new}"],
        ["query", "{none}", "--store", "{store}"],
        ["query", "{folder}", "--store", "{store}"],
        ["index", "{folder}", "--vectors", "mine={folder}", "--store", "{new}"],
        ["doctor", "--store", "{none}"],
        ["export", "--parquet", "{file}/below", "--store", "{store}"],
        ["graph", "--store", "{store}", "--out", "{file}/below"],
        ["report", "--store", "{store}", "--out", "{file}/below"],
        ["projector", "--store", "{store}", "--out", "{file}/below"],
    ],
    ids=" ".join,
)
def test_no_command_tells_the_number_of_an_error(
    command: list[str], own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    places = {name: tmp_path / name for name in ("none", "new", "folder", "file", "loop")}
    arguments = [part.format(store=own_store, **places) for part in command]
    try:
        assert main(arguments) != 0
    except SystemExit as stop:
        assert stop.code != 0
    captured = capsys.readouterr()
    assert captured.err.strip()
    assert not re.search(r"\[Errno|Traceback", captured.out + captured.err)
