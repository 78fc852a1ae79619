"""No option is ignored in silence: each wrong or useless value is one line and exit code 2."""

import json
import shlex
import sys
from importlib import import_module
from pathlib import Path

import pytest

from imgrec import Options, Store, index_folders
from imgrec.__main__ import COMMANDS
from imgrec.__main__ import main as imgrec
from imgrec.commands import warn
from imgrec.system.advice import quoted, with_options, with_store

STORE, OUT = "{store}", "{out}"
_GRAPH_FILE = ["graph", "--store", STORE, "--gexf", "{out}.gexf"]
_TABLE = ["graph", "--store", STORE, "--duplicates", "{out}.csv"]
REFUSED = [
    (["index", "--only", "--store", STORE], "--only needs FOLDER"),
    (["index", "--store", STORE, "--weights", "w"], "--weights w is for a model by its name"),
    (["index", "--store", STORE, "--device", "gpu"], "the device 'gpu' is unknown"),
    (["index", "--store", STORE, "--bins", "x"], "'x' is no whole number"),
    (["index", "--store", ""], "an empty text is no path"),
    (["index", "--store", STORE, "--compile", "maybe"], "invalid choice: 'maybe'"),
    *(
        (
            ["index", "--store", STORE, "--relocate", "/old", "/new", *option],
            f"{option[0]} has no effect beside --relocate",
        )
        for option in (["--encoder", "rgb"], ["--hnsw"], ["--retry-failed"],
                       ["--exclude", "x"], ["--device", "cpu"], ["--reread"])
    ),
    (["doctor", "--deep", "--logdir", OUT], "--deep is for a store"),
    (["catalog", "--store", ""], "an empty text is no path"),
    *(
        (["duplicates", "--undo", "log", *option], f"stands alone: leave out {option[0]}")
        for option in (["--store", STORE], ["--encoder", "mini"], ["--trash"],
                       ["--keep", "oldest"], ["--csv", "a.csv"], ["--out", "o"])
    ),
    *(
        ([*_GRAPH_FILE, *option], f"{option[0]} is for the pages")
        for option in (["--page-size", "9"], ["--no-bundles"], ["--louvain", "igraph"])
    ),
    ([*_GRAPH_FILE, "--communities", "leiden"], "--communities needs --out SITE"),
    ([*_GRAPH_FILE, "--thumbnails"], "--thumbnails are put into a table"),
    ([*_TABLE, "--k", "3"], "--k has no effect on --duplicates"),
    ([*_TABLE, "--seed", "3"], "--seed has no effect on --duplicates"),
    (["projector", "--store", STORE, "--out", OUT, "--dimensions", "1"], "1 is too few"),
    (["projector", "--store", STORE, "--out", OUT, "--dimensions", "2"], "2 is too few"),
    (["projector", "--store", STORE, "--out", OUT, "--full", "--dimensions", "9"], "not allowed"),
    (["projector", "--store", STORE, "--out", ""], "an empty text is no path"),
    (["report", "--store", STORE, "--out", OUT, "--maps", "x"], "'x' is no map"),
    (["report", "--store", STORE, "--out", OUT, "--site", "/nowhere"], "/nowhere is no folder"),
    (["samples", OUT, "--sheet", "x.xyz"], "does not end in the suffix"),
    (["samples", OUT, "--sheet", "no-such-folder/x.png"], "there is no folder no-such-folder"),
    (["samples", OUT, "--count", "x"], "'x' is no whole number"),
    (["tensorboard", "--logdir", OUT, "--port", "x"], "'x' is no whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_useless_option_is_one_line(
    arguments: list[str],
    message: str,
    photo_store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "out").mkdir()
    names = {"store": photo_store, "out": tmp_path / "out"}
    try:
        code = imgrec([argument.format(**names) for argument in arguments])
    except SystemExit as left:
        code = int(left.code or 0)
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert message in err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_misspelled_option_of_every_command_is_answered_with_the_one_meant(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main = import_module(COMMANDS[command].module).main
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    own = [word for word in shown.split() if word.startswith("--") and word.isascii()]
    option = max((word.strip(",;:()[]|") for word in own if word.strip(",[]").isascii()), key=len)
    option = option.partition("=")[0]
    typed = option[:-2] + option[-1] + option[-2] + "x"
    with pytest.raises(SystemExit) as left:
        main([typed, "value"])
    assert left.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith(f"imgrec {command}: there is no option {typed}, did you mean {option}")
    assert err.count("\n") == 1


def test_an_option_that_is_like_none_and_a_stray_argument(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, message in (
        (["catalog", "--xyzzy"], "there is no option --xyzzy (see"),
        (["catalog", "more"], "there is no argument 'more' (see"),
        (["query", "-metric", "l2"], "there is no argument '-metric', did you mean --metric?"),
    ):
        with pytest.raises(SystemExit):
            imgrec(arguments)
        assert message in capsys.readouterr().err


def test_the_beginning_of_an_option_and_a_value_behind_two_dashes_still_work(
    photo_store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imgrec(["query", "discs/000.jpg", "--stor", str(photo_store), "-k", "1"]) == 0
    assert imgrec(["query", "--store", str(photo_store), "--", "--no-such.jpg"]) == 2
    assert "no picture at --no-such.jpg" in capsys.readouterr().err


def test_options_without_effect_on_encoders_of_the_cpu_are_told(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.indexing.wanted.check_device", lambda device: None)
    options = Options(("mini",), device="cuda", compile="on", workers=0)
    told = index_folders(photos, tmp_path / "store", options).warnings
    assert told == [
        "device cuda computes nothing: mini and rgb run on the CPU",
        "compile on has no effect: it is for models of torch, and the encoders are mini and rgb",
    ]
    quiet = Options(("mini",), device="cpu", compile="off", workers=0)
    assert index_folders(photos, tmp_path / "store", quiet).warnings == []


def test_more_columns_and_clusters_than_there_are_is_told(
    own_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["projector", "--store", str(own_store), "--out", str(tmp_path / "log")]
    command += ["--layouts", "none", "--workers", "0"]
    assert imgrec([*command, "--dimensions", "400", "--clusters", "400"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("imgrec pr")]
    assert told == [
        "imgrec projector: --dimensions 400: 24 pictures of mini have 23",
        "imgrec projector: --clusters 400: 24 pictures of mini have 24",
    ]
    assert imgrec(command) == 0
    assert "--dimensions" not in capsys.readouterr().err


ODD = Path("/a b/it's; rm -rf")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run imgrec index --hnsw", "run imgrec index --store S --hnsw"),
        ("imgrec graph --out SITE, imgrec projector", "imgrec graph --store S --out SITE, "
         "imgrec projector --store S"),
        ("run imgrec index FOLDER --store X --encoder a", None),
        ("run imgrec index a --encoder b; imgrec doctor --deep", "run imgrec index --store S a "
         "--encoder b; imgrec doctor --store S --deep"),
        ("imgrec collections NAME --add IMAGE makes one; imgrec serve", "imgrec collections "
         "--store S NAME --add IMAGE makes one; imgrec serve --store S"),
        ("imgrec duplicates --undo LOG", None),
        ("imgrec doctor --logdir tells more", None),
        ("imgrec tensorboard --logdir l; imgrec samples x; imgrec 0.1", None),
    ],
)  # fmt: skip
def test_commands_in_messages_name_the_store(text: str, expected: str | None) -> None:
    assert with_store(text, None) == text
    assert with_store(text, "S") == (text if expected is None else expected)
    completed = with_store(text, ODD)
    assert completed == (text if expected is None else expected.replace("S ", f"{quoted(ODD)} "
                         ).replace("--store S", f"--store {quoted(ODD)}"))  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="quotes of POSIX shells")
def test_a_path_in_a_command_is_one_word() -> None:
    assert shlex.split(with_store("imgrec index", ODD)) == ["imgrec", "index", "--store", str(ODD)]


def test_advice_of_an_error_can_be_pasted_where_the_store_was_named(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = tmp_path / "my store"
    index_folders(photos, store, Options(("mini",), workers=0))
    monkeypatch.chdir(tmp_path)
    asked = ["query", "discs/000.jpg", "--index", "hnsw"]
    assert imgrec([*asked, "--store", str(store)]) == 2
    advice = capsys.readouterr().err.partition("run ")[2]
    assert advice == f"imgrec index --store {quoted(store)} --hnsw\n"
    assert imgrec(shlex.split(advice)[1:]) == 0
    capsys.readouterr()
    assert imgrec([*asked, "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"]
    # Where the command finds its store by itself, so does what is pasted.
    store.rename(tmp_path / "imgrec-store")
    assert imgrec(["query", "discs/000.jpg", "--encoder", "lite0"]) == 2
    assert "--store imgrec-store --encoder lite0" in capsys.readouterr().err
    warn("imgrec", ["run imgrec index"])
    assert capsys.readouterr().err == "imgrec: run imgrec index\n"


def test_a_single_folder_may_stand_for_a_list(photos: Path, tmp_path: Path) -> None:
    for number, folder in enumerate((photos, str(photos))):
        path = tmp_path / f"store-{number}"
        assert index_folders(folder, path, Options(("mini",), workers=0)).counts["ok"] == 24
        Store.open(path).close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where folder=x: no picture", "--where folder=x: no picture"),
        ("use encoder rgb, or metric cosine", "use --encoder rgb, or --metric cosine"),
        ("none fits all of where a=b and under c", "none fits all of --where a=b and --under c"),
        ("encoder a and features exclude", "--encoder a and --features exclude"),
        ("unknown metric 'x'; known: cosine", None),
    ],
)
def test_a_message_about_an_argument_names_the_option_of_a_command(
    text: str, expected: str | None
) -> None:
    assert with_options(text) == (expected or text)
