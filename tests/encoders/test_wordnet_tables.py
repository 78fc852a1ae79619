"""The tables of nouns are those that the script makes from WordNet's own files."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from imgrec.encoders.imagenet.wordnet import wnids
from paths import ROOT

FOLDER = ROOT / "imgrec" / "encoders" / "imagenet" / "wordnet"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """Import tools/imagenet_words.py."""
    spec = importlib.util.spec_from_file_location("script", ROOT / "tools" / "imagenet_words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_committed_tables_from_the_files_of_wordnet(
    script: ModuleType,
) -> None:
    if not (script.WORDNET / "data.noun").is_file():
        pytest.skip(f"no WordNet in {script.WORDNET} (Debian: apt install wordnet-base)")
    made = script.tables(script.read(script.WORDNET), wnids())
    assert sorted(made) == sorted(f.name for f in FOLDER.glob("*s.txt"))
    for name, text in made.items():
        assert (FOLDER / name).read_bytes() == text.encode(), name


def test_the_script_refuses_another_version_of_wordnet(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text("  14 WordNet 3.1 Copyright 2011\n")
    with pytest.raises(ValueError, match=r"not WordNet 3\.0"):
        script.read(tmp_path)
