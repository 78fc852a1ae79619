"""A feature of a name that no file system takes as a folder: indexed, and used by every command."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.__main__ import main as graph
from imgrec import Options, Store, StoreError, index_folders
from imgrec.doctor import main as doctor
from imgrec.encoders.registry import PREFIXES, Loader
from imgrec.query import main as query
from imgrec.report import main as report
from imgrec.system.folder_names import folder_name
from projector.__main__ import main as projector

NAME = "Stub:ViT-B/32+nul"
_SAFE = re.compile(r"[a-z0-9_%.+=,-]+")


@pytest.fixture(scope="module", autouse=True)
def _prefix() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PREFIXES, "Stub", Loader("stub_encoders:load_with_head"))
        yield


def test_every_command_works_on_it_and_every_folder_is_safe(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_path = tmp_path / "store"
    options = Options((NAME, "mini"), workers=0, hnsw=True)
    assert index_folders([photos], store_path, options).features.keys() == {NAME, "mini", "rgb"}
    # A second run knows it by its name, and has nothing to do.
    assert index_folders([], store_path, Options(workers=0)).done == 0
    store = ["--store", str(store_path)]
    for name in (NAME, f"{NAME}+mini"):
        for command, out in ((graph, "site"), (projector, "logdir"), (report, "report")):
            made = str(tmp_path / f"{out}-{len(name)}")
            assert command(["--encoder", name, "--out", made, *store]) == 0
        photo = next(photos.rglob("*.*")).relative_to(photos).as_posix()
        capsys.readouterr()
        assert query([photo, "--encoder", name, "--json", *store]) == 0
        assert json.loads(capsys.readouterr().out)["encoder"] == name
    assert doctor(store) == 0
    with Store.open(store_path) as opened:
        assert opened.encoder == NAME
        assert opened.feature_names() == sorted([NAME, "mini", "rgb"])
        assert opened.class_encoders() == [NAME]
        assert opened.classes().encoder == NAME
        assert opened.feature(NAME).name == NAME
    places = [path for path in store_path.rglob("*") if path.is_dir()]
    assert all(_SAFE.fullmatch(path.name) for path in places)
    with_folder = {path.parent.name for path in places if path.name == folder_name(NAME)}
    made = {"features", "classes", "indexes", "knn", "layouts", "projector"}
    assert with_folder == made


def test_a_name_outside_of_the_alphabet_is_refused_before_it_is_kept(
    photos: Path, tmp_path: Path
) -> None:
    store_path = tmp_path / "store"
    index_folders([photos], store_path, Options(("mini",), workers=0))
    with pytest.raises(StoreError, match=r"'Stub:a\*b' cannot be the name of a feature"):
        index_folders([], store_path, Options(("Stub:a*b", "mini"), workers=0))
    with pytest.raises(StoreError, match="cannot be the name of a feature"):
        index_folders([photos], tmp_path / "new", Options(("Stub:a*b",), workers=0))
    assert index_folders([photos], tmp_path / "new", Options(("mini",), workers=0)).done > 0
    with Store.open(store_path) as opened:
        assert opened.encoder == "mini"


def test_a_damaged_description_is_mended_under_the_name(photos: Path, tmp_path: Path) -> None:
    store_path = tmp_path / "store"
    index_folders([photos], store_path, Options((NAME,), workers=0))
    (store_path / "store.json").unlink()
    (store_path / "features" / folder_name(NAME) / "feature.json").write_text("{")
    summary = index_folders([], store_path, Options(workers=0))
    assert summary.done == 0
    assert f"the encoder is {NAME}" in summary.warnings[0]
    with Store.open(store_path) as opened:
        assert opened.encoder == NAME
        assert opened.spec().name == NAME
