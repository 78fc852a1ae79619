"""What a run is about: folders, encoders and links, from the arguments and the store."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import imgrec.indexing.wanted
from imgrec import ImgrecError, Options, WrongTypeError
from imgrec.indexing.wanted import Wanted, decide
from imgrec.sources.rules import MAX_GLOBS, Rules
from pictures import picture

Loaded = list[tuple[object, ...]]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Replace the encoders by their names; return what each was asked for with."""
    asked: Loaded = []

    def load(name: str, *how: object) -> Any:
        asked.append((name, *how))
        return SimpleNamespace(spec=SimpleNamespace(name=name))

    monkeypatch.setattr(imgrec.indexing.wanted, "load_encoder", load)
    return asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder that holds a picture."""
    (tmp_path / "photos").mkdir()
    picture("discs", 1).save(tmp_path / "photos" / "a.png")
    return tmp_path / "photos"


def _store(
    *features: str,
    roots: tuple[str, ...] = ("/elsewhere",),
    links: bool = False,
    rules: Rules | None = None,
) -> Any:
    """Return a store whose own encoder is the first feature."""
    return SimpleNamespace(
        encoder=features[0] if features else None,
        follows_links=links,
        preview_px=0,
        rules=rules or Rules(),
        feature_names=lambda: sorted(features),
        spec=lambda name: SimpleNamespace(name=name, stored=True, foreign=False),
        catalog=SimpleNamespace(
            held_roots=lambda: list(roots),
            left_out_roots=lambda: [],
            roots=lambda: list(roots),
        ),
    )


def _decided(store: Any, *folders: Path | str, **options: Any) -> Wanted:
    return decide(store, Path("the-store"), folders, Options(**options))


@pytest.mark.usefixtures("loaded")
def test_a_new_store_gets_the_default_encoders(folder: Path) -> None:
    found = _decided(None, folder)
    assert list(found.encoders) == ["lite0", "mini", "rgb"]
    assert (found.primary, found.vectors, found.follow_links) == ("lite0", (), False)
    assert [source.description for source in found.sources] == [str(folder)]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("named", "encoders", "primary"),
    [
        (("mini",), ["mini", "rgb"], "mini"),
        (("rgb",), ["rgb"], "rgb"),
        (("rgb", "mini"), ["rgb", "mini"], "mini"),
        (("resnet50", "mini", "resnet50"), ["resnet50", "mini", "rgb"], "resnet50"),
    ],
)
def test_encoders_that_are_named_come_with_histograms(
    folder: Path, named: tuple[str, ...], encoders: list[str], primary: str
) -> None:
    found = _decided(None, folder, encoders=named)
    assert list(found.encoders) == encoders
    assert found.primary == primary
    for name, encoder in found.encoders.items():
        assert encoder.spec.name == name


def test_encoders_are_loaded_with_the_options_and_the_spec_of_the_store(
    loaded: Loaded, folder: Path
) -> None:
    options = {"device": "cpu", "bins": 7, "weights": Path("w.pth")}
    _decided(_store("mini"), folder, encoders=("resnet50", "mini"), **options)
    named = [(name, weights, device, bins) for name, weights, device, bins, _ in loaded]
    assert named == [(n, Path("w.pth"), "cpu", 7) for n in ("resnet50", "mini", "rgb")]
    specs = [spec for *_, spec in loaded]
    assert (specs[0], specs[2]) == (None, None)
    assert specs[1].name == "mini"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("loaded")
def test_a_store_keeps_its_encoders_its_own_first(folder: Path) -> None:
    found = _decided(_store("resnet50", "mini", "rgb"), folder)
    assert list(found.encoders) == ["resnet50", "mini", "rgb"]
    assert found.primary == "resnet50"
    # A store of which no encoder is known gets the default ones.
    assert list(_decided(_store(), folder).encoders) == ["lite0", "mini", "rgb"]


@pytest.mark.usefixtures("loaded")
def test_mini_beside_lite0_does_not_become_the_default(folder: Path) -> None:
    store = _store("lite0", "rgb")
    assert _decided(store, folder, encoders=("mini",)).primary == "lite0"
    assert _decided(store, folder, encoders=("resnet50",)).primary == "resnet50"
    # Unless another collection takes the place of the store's.
    assert _decided(store, folder, encoders=("mini",), only=True).primary == "mini"
    here = _store("lite0", "rgb", roots=("/elsewhere", str(folder)))
    assert _decided(here, folder, encoders=("mini",), only=True).primary == "lite0"


@pytest.mark.usefixtures("loaded")
def test_another_collection_gets_the_default_encoders(folder: Path) -> None:
    assert list(_decided(_store("resnet50"), folder, only=True).encoders) == [
        "lite0", "mini", "rgb",
    ]  # fmt: skip
    # Some of its folders stay.
    here = _store("resnet50", roots=(str(folder), "/elsewhere"))
    assert list(_decided(here, folder, only=True).encoders) == ["resnet50", "rgb"]
    assert list(_decided(_store("resnet50"), folder).encoders) == ["resnet50", "rgb"]


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("kept", "asked", "followed"),
    [
        (None, None, False),
        (None, True, True),
        (False, None, False),
        (True, None, True),
        (True, False, False),
        (False, True, True),
    ],
)
def test_links_are_followed_as_asked_or_as_before(
    folder: Path, kept: bool | None, asked: bool | None, followed: bool
) -> None:
    store = None if kept is None else _store("mini", links=kept)
    assert _decided(store, folder, follow_links=asked).follow_links is followed


@pytest.mark.usefixtures("loaded")
def test_a_link_counts_as_a_picture_only_where_it_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.png").symlink_to(folder / "a.png")
    assert _decided(None, tmp_path / "links", follow_links=True).follow_links
    with pytest.raises(ImgrecError):
        _decided(None, tmp_path / "links")


@pytest.mark.usefixtures("loaded")
def test_folders_are_those_named_once_or_those_of_the_store(folder: Path) -> None:
    found = _decided(_store("mini", roots=("/a", "/b")), folder, str(folder), folder)
    assert {source.description for source in found.sources} == {str(folder)}
    known = _decided(_store("mini", roots=("/a", "/b")))
    assert [source.description for source in known.sources] == ["/a", "/b"]


@pytest.mark.usefixtures("loaded")
def test_what_a_run_cannot_be_about(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for store, folders, message in (
        (None, [], "no store at the-store and no folder named: name the picture folder"),
        (_store("mini", roots=()), [], "the-store knows no folder of pictures yet: name one"),
        (None, [folder, ""], "a folder's name is empty: name the picture folder"),
    ):
        with pytest.raises(ImgrecError) as error:
            _decided(store, *folders)
        assert str(error.value) == message
    for absent in ("empty", "nowhere"):
        with pytest.raises(ImgrecError, match=absent):
            _decided(None, folder, tmp_path / absent)


@pytest.mark.usefixtures("loaded")
def test_weights_need_a_model_that_takes_them(folder: Path) -> None:
    with pytest.raises(ImgrecError) as error:
        _decided(None, folder, encoders=("mini",), weights=Path("w.pth"))
    assert str(error.value) == (
        "--weights w.pth is for a model by its name, and the encoders are mini and rgb: "
        "name the model with --encoder, or leave it out"
    )
    assert _decided(None, folder, encoders=("mini", "resnet50"), weights=Path("w.pth"))


@pytest.mark.usefixtures("loaded")
def test_rules_are_added_to_those_of_the_store_or_replace_them(folder: Path) -> None:
    kept = Rules(frozenset({"trash"}), ("scans",), (".x",))
    store = _store("mini", rules=kept)
    assert _decided(None, folder).rules == Rules()
    assert _decided(store, folder).rules == kept
    more = {"take": ("hidden",), "exclude": ("*.gif", "scans"), "include": ("b",)}
    both = Rules(frozenset({"trash", "hidden"}), ("scans", "*.gif"), (".x", "b"))
    assert _decided(store, folder, **more).rules == both
    anew = Rules(frozenset({"hidden"}), ("*.gif", "scans"), ("b",))
    assert _decided(store, folder, forget=("take", "exclude", "include"), **more).rules == anew
    assert _decided(store, folder, forget=("exclude",)).rules == Rules(kept.take, (), (".x",))


@pytest.mark.usefixtures("loaded")
def test_too_many_globs_are_refused_with_the_switch(folder: Path) -> None:
    store = _store("mini", rules=Rules(exclude=tuple(f"a{n}" for n in range(MAX_GLOBS))))
    with pytest.raises(ImgrecError, match=r"^101 globs .* the limit is 100, .*--no-exclude"):
        _decided(store, folder, exclude=("b",))
    assert _decided(store, folder, exclude=("a7",)).rules.exclude[7] == "a7"


@pytest.mark.usefixtures("loaded")
def test_a_named_folder_needs_a_picture_that_the_rules_take(folder: Path) -> None:
    with pytest.raises(ImgrecError, match=r"1 excluded file \(--no-exclude\)"):
        _decided(None, folder, exclude=("*.png",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"take": ("thumbs",)}, "no kind 'thumbs' of files: name one of hidden, trash, previews"),
        ({"exclude": ("",)}, "names nothing"),
        ({"include": ("../x",)}, "has '..'"),
        ({"forget": ("only",)}, "forget has 'only': name some of take, exclude, include"),
    ],
)
def test_wrong_rules_are_refused_before_anything_is_read(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Options(**options)


def test_a_rule_that_is_no_list_is_refused() -> None:
    wrong: Any = "*.png"
    with pytest.raises(WrongTypeError, match=r"exclude is '\*\.png' \(str\): give a list of names"):
        Options(exclude=wrong)
