"""`imgrec export`: what it writes, tells and refuses."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from imgrec.export import main

dataset: Any = pytest.importorskip("pyarrow.dataset", reason="needs the extra parquet")


def test_parquet_holds_what_the_filter_selects(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "vectors"
    given = ["--store", str(photo_store), "--parquet", str(out), "--where", "folder=discs"]
    assert main(given) == 0
    said = capsys.readouterr()
    assert said.out.startswith("8 pictures, ")
    assert said.out.endswith(f"{out}\n")
    table = dataset.dataset(out).to_table()
    assert [Path(path).parent.name for path in table["path"].to_pylist()] == ["discs"] * 8


def test_all_targets_of_one_call_and_the_details(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("lance", "qdrant_client"):
        pytest.importorskip(package, reason="needs the extras lance and qdrant")
    places = {name: str(tmp_path / name) for name in ("parquet", "lance", "qdrant")}
    options = [word for name, place in places.items() for word in (f"--{name}", place)]
    for told in ("24 points written, ", "0 points written, 24 kept, "):
        assert main(["--store", str(photo_store), *options, "--feature", "mini", "-v"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "feature    mini"
        assert [line.rpartition(": ")[2] for line in lines[1:]] == [
            places["parquet"], places["lance"], "collection imgrec",
        ]  # fmt: skip
        assert lines[3].startswith(told)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --parquet DIR, --lance DIR or --qdrant URL"),
        (["--parquet", "{out}", "--collection", "x"], "give --qdrant URL too"),
        (["--parquet", "{out}", "--where", "folder"], "--where 'folder' is not KIND=VALUE"),
        (["--parquet", "{out}", "--feature", "x"], "has no feature 'x'"),
        (["--parquet", "{out}", "--lance", "{out}"], "give each its own folder"),
        (["--parquet", "s3://bucket/vectors"], "is an address: give a folder"),
        (["--lance", "https://user:geheim@host/x"], "is an address: give a folder"),
        (["--parquet", "{store}/vectors"], "/vectors lies in the store"),
        (["--parquet", "{photos}"], "holds no Parquet export of ours"),
        (["--lance", "{photos}/discs/000.jpg"], "000.jpg is a file"),
    ],
)
def test_what_is_wrong_is_one_line(
    options: list[str],
    message: str,
    photo_store: Path,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"out": tmp_path / "out", "store": photo_store, "photos": photos}
    given = [option.format(**places) for option in options]
    assert main(["--store", str(photo_store), *given]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert message in said.err
    assert "geheim" not in said.err
    assert not list(tmp_path.iterdir())


def test_a_password_in_an_address_is_not_printed(
    photo_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
    address = "https://user:geheim@example.org:6333"
    assert main(["--store", str(photo_store), "--qdrant", address]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("imgrec export: the address given by --qdrant has more than host")
    assert "geheim" not in said.out + said.err


def test_a_missing_package_is_named_with_its_extra(
    photo_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("imgrec.system.extras.find_spec", lambda _: None)
    for option, extra in (("parquet", "parquet"), ("lance", "lance"), ("qdrant", "qdrant")):
        place = str(tmp_path / option)
        assert main(["--store", str(photo_store), f"--{option}", place]) == 2
        assert f"pip install 'imgrec[{extra}]'\n" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_read_only_folder_is_one_line(
    photo_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--store", str(photo_store), "--parquet", str(tmp_path / "file" / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_store_can_move_with_its_export(photo_store: Path, tmp_path: Path) -> None:
    shutil.copytree(photo_store, tmp_path / "a" / "store")
    given = ["--store", "{}/store", "--parquet", "{}/vectors", "--quiet"]
    assert main([word.format(tmp_path / "a") for word in given]) == 0
    (tmp_path / "a").rename(tmp_path / "b")
    assert main([word.format(tmp_path / "b") for word in given]) == 0
