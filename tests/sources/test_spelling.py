"""Names typed in NFC that lie in NFD on the disk, and the other way round."""

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.sources.folder import FolderSource
from imgrec.sources.opening import picture_at, source_at
from imgrec.sources.spelling import as_spelled
from imgrec.system.file_names import composed

NAMES = ("K\u00f6ln", "\ud55c\uae00", "Vi\u1ec7t Nam", "\u212bngstr\u00f6m")
FORMS = [("NFC", "NFD"), ("NFD", "NFC")]
pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a disk that has one form")


def _in(form: str, name: str) -> str:
    return unicodedata.normalize(form, name)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kept", "typed"), FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_what_was_typed_is_found_as_it_is_spelled(
    tmp_path: Path, name: str, kept: str, typed: str
) -> None:
    folder = tmp_path / _in(kept, name) / _in(typed, name)
    folder.mkdir(parents=True)
    file = folder / _in(kept, f"{name}.jpg")
    file.write_bytes(b"x")
    asked = tmp_path / _in(typed, name) / _in(kept, name) / _in(typed, f"{name}.jpg")
    assert as_spelled(asked) == file
    assert as_spelled(file) == file
    source, path = picture_at(asked)
    assert source.find(path) is not None
    assert source_at(asked.parent) == FolderSource(str(folder))
    assert FolderSource(str(folder)).path_of(str(asked)) == asked.name


def test_what_exists_as_typed_comes_first(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / _in(form, "\u00f6")).write_bytes(b"")
    for form in ("NFC", "NFD"):
        assert as_spelled(tmp_path / _in(form, "\u00f6")) == tmp_path / _in(form, "\u00f6")


def test_what_is_nowhere_stays_as_typed(tmp_path: Path) -> None:
    for absent in (tmp_path / "\u00f6", tmp_path / "\u00f6" / "a", Path("\u00f6"), Path()):
        assert as_spelled(absent) == absent


@given(st.text(max_size=8))
def test_the_composed_form_is_one_for_all_forms(name: str) -> None:
    once = composed(name)
    assert composed(once) == once
    for form in ("NFC", "NFD"):
        assert composed(_in(form, name)) == once
    assert composed("a\udcff") == "a\udcff"
