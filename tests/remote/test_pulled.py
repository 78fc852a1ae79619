"""`pulled.json`: what is written is read again, and what somebody else wrote is refused."""

import json
import os
from pathlib import Path

import pytest

from imgrec.checks import check_store
from imgrec.errors import StoreError
from imgrec.store.pulled import VECTORS, Pulled, check_whole, read_pulled, write_pulled

MADE = Pulled("s3://bucket/store", {3: "a" * 32}, VECTORS, {"roots.json": ("b" * 32, 5, 1)})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_pulled(tmp_path, MADE)
    assert read_pulled(tmp_path) == MADE
    assert read_pulled(tmp_path / "none") is None
    check_whole(tmp_path / "none", "this")


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"from": 7},
        {"from": "s3://\x1b[31m"},
        {"from": "s3://" + "x" * 3000},
        {"states": {"x": "a"}},
        {"states": {"1": 2}},
        {"states": []},
        {"lacks": "everything"},
        {"files": {"a": ["b", 1]}},
        {"files": {"a": ["b", 1, True]}},
        {"files": {"a": ["b", 1, "c"]}},
    ],
)
def test_other_content_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    write_pulled(tmp_path, MADE)
    path = tmp_path / "pulled.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")
    with pytest.raises(StoreError, match=r"pulled.json is damaged .*: delete it") as told:
        read_pulled(tmp_path)
    assert len(str(told.value).splitlines()) == 1
    assert "\x1b" not in str(told.value)


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes here")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "large"])
def test_what_is_no_file_of_ours_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pulled.json"
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        write_pulled(tmp_path / "elsewhere", MADE)
        path.symlink_to(tmp_path / "elsewhere" / "pulled.json")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate((1 << 26) + 1)
    with pytest.raises(StoreError, match=r"pulled.json is damaged"):
        read_pulled(tmp_path)


def test_the_doctor_finds_it(own_store: Path) -> None:
    (own_store / "pulled.json").write_bytes(b"{")
    report, _ = check_store(own_store)
    assert ["pulled.json" in str(finding) for finding in report.findings] == [True]
