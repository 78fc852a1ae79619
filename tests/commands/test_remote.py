"""`imgrec pull`, `imgrec push`, and addresses of object storage given to other commands."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from imgrec.__main__ import main as imgrec
from imgrec.remote.pull import pull as pulled
from imgrec.store.kept import save
from remote_stores import assert_equal_stores, url_of

OTHERS = [
    "query a.jpg",
    "serve",
    "catalog",
    "doctor",
    "report --out x",
    "collections",
    "duplicates",
]
OTHERS += ["graph --out x", "projector --out x"]


def test_push_and_pull(own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = url_of(tmp_path / "remote")
    assert imgrec(["push", str(own_store), url, "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("store made (state 2; state 1 is empty), ")
    assert told.out.endswith(f": {url}\n")
    assert told.err == ""
    assert imgrec(["push", str(own_store), url, "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("state 2, 0 files changed, ")
    assert imgrec(["pull", url, str(tmp_path / "pulled"), "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("state 2, ") and told.out.endswith(f": {tmp_path / 'pulled'}\n")
    assert_equal_stores(own_store, tmp_path / "pulled")
    assert imgrec(["query", "--store", str(tmp_path / "pulled"), "discs/000.jpg"]) == 0


def test_without_vectors_the_line_says_so(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, folder = url_of(tmp_path / "remote"), tmp_path / "pulled"
    imgrec(["push", str(own_store), url_of(tmp_path / "few")])
    assert (
        imgrec(["pull", url_of(tmp_path / "few"), str(tmp_path / "few-pulled"), "--no-vectors"])
        == 0
    )
    assert "with vectors: too few for a sketch" in capsys.readouterr().out
    assert list((tmp_path / "few-pulled").rglob("vectors.npy"))
    save(own_store / "indexes" / "mini" / "sketch", {"v": 1}, {"rows": np.arange(9)})
    imgrec(["push", str(own_store), url])
    capsys.readouterr()
    assert imgrec(["pull", url, str(folder), "--no-vectors"]) == 0
    assert "without vectors" in capsys.readouterr().out
    assert imgrec(["doctor", "--store", str(folder)]) in (0, 1)
    assert "vectors.npy" not in capsys.readouterr().out
    for command in (["index", "--store", str(folder)], ["push", str(folder), url]):
        assert imgrec(command) == 2
        told = capsys.readouterr().err
        assert f"needs the vectors that {folder} was pulled without" in told
        assert told.count("\n") == 1
    for command in (["graph", "--out", str(tmp_path / "x")], ["projector", "--out", "x"]):
        assert imgrec([*command, "--store", str(folder)]) == 2
        told = capsys.readouterr().err.splitlines()[-1]
        assert f"run imgrec pull {url} {folder}" in told


@pytest.mark.parametrize("command", OTHERS)
def test_other_commands_name_pull(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as ended:
        imgrec([*command.split(), "--store", "s3://bucket/store"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "s3://bucket/store is no folder: run imgrec pull s3://bucket/store DIR" in told
    assert told.count("\n") == 1
    monkeypatch.setenv("IMGREC_STORE", "s3://bucket/store")
    if command != "doctor":
        assert imgrec(command.split()) == 2
        assert "imgrec pull s3://bucket/store DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("bucket/store", "is no address of object storage"),
        ("ftp://bucket/store", "is no address of object storage"),
        ("s3://", "names no bucket"),
        ("s3://me:secret@bucket/store", "an address with a user is refused"),
        ("file://relative", "is no address of a folder"),
        ("file:///no/such/folder", "there is no folder"),
    ],
)
def test_a_wrong_address_is_one_line(
    url: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imgrec(["pull", url, str(tmp_path / "x")]) == 2
    told = capsys.readouterr().err
    assert why in told
    assert told.count("\n") == 1
    assert "secret" not in told
    assert not (tmp_path / "x").exists()


def test_a_copy_with_changes_of_its_own_is_kept(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, folder = url_of(tmp_path / "remote"), tmp_path / "pulled"
    imgrec(["push", str(own_store), url])
    pulled(url, folder)
    (folder / "roots.json").write_bytes(b"{}")
    capsys.readouterr()
    assert imgrec(["pull", url, str(folder)]) == 2
    assert "(roots.json)" in capsys.readouterr().err
    assert (folder / "roots.json").read_bytes() == b"{}"
    assert imgrec(["pull", url, str(folder), "--force"]) == 0
    assert_equal_stores(own_store, folder)


def test_a_folder_that_cannot_be_written_is_one_line(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = url_of(tmp_path / "remote")
    imgrec(["push", str(own_store), url])
    (tmp_path / "file").write_bytes(b"")
    capsys.readouterr()
    assert imgrec(["pull", url, str(tmp_path / "file" / "below")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("store", ["https://me:pa55word@h/z", "S3://b/x", "s3:/b/x", "file:/tmp/x"])
def test_what_was_meant_as_an_address_makes_no_folder(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["index", ".", "--store", store], ["query", "a.jpg", "--store", store]):
        with pytest.raises(SystemExit) as stopped:
            imgrec(arguments)
        assert stopped.value.code == 2
        told = capsys.readouterr().err
        assert "is no address of object storage" in told
        assert "pa55word" not in told
    assert not [*tmp_path.iterdir()]
