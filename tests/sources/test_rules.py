"""Which files the rules take: globs compared with an independent matcher of whole paths."""

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.sources.globs import MAX_GLOB, glob_of
from imgrec.sources.place_kinds import file_kind, folder_kind
from imgrec.sources.rules import EXCLUDED, MAX_GLOBS, Rules

_PIECES = ["a", "b", "*", "?", "**", "[ab]", "[!a]", "a*", "*b", ".a", "*.b", ".*", "A", "@eaDir"]
_GLOBS = st.builds(
    lambda top, parts, end: top + "/".join(parts) + end,
    st.sampled_from(["", "/"]),
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
)
_NAMES = ["a", "b", "ab", ".a", "x.b", "@eaDir", ".b", "B"]
_PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=5).map("/".join)


def _name_matches(part: str, name: str) -> bool:
    """Match one name by recursion over characters, without regular expressions."""
    if not part:
        return not name
    if part[0] == "*":
        return any(_name_matches(part[1:], name[i:]) for i in range(len(name) + 1))
    if not name:
        return False
    if part[0] == "[" and "]" in part[2:]:
        end = part.index("]", 2)
        inside = part[1:end]
        wanted = (name[0].lower() in inside.removeprefix("!").lower()) != inside.startswith("!")
        return wanted and _name_matches(part[end + 1 :], name[1:])
    return part[0] in ("?", name[0].lower(), name[0].upper()) and _name_matches(part[1:], name[1:])


def _names_path(parts: list[str], names: list[str], kinds: list[bool]) -> bool:
    """Match a whole path by recursion over names; a kind is not matched by a wildcard in front."""
    if not parts:
        return not names
    if parts[0] == "**":
        return any(
            _names_path(parts[1:], names[i:], kinds[i:])
            for i in range(len(names) + 1)
            if not any(kinds[:i]) and (i > 0 or len(parts) > 1)
        )
    if not names or (kinds[0] and parts[0][0] in "*?["):
        return False
    return _name_matches(parts[0], names[0]) and _names_path(parts[1:], names[1:], kinds[1:])


def _prefixes_named(glob: str, names: list[str], kinds: list[bool]) -> list[int]:
    """Return the numbers of leading names whose path a glob names."""
    parts = [part for part in glob.split("/") if part]
    if "/" not in glob.removesuffix("/"):
        parts = ["**", *parts]
    lengths = range(1, len(names) + (0 if glob.endswith("/") else 1))
    return [n for n in lengths if _names_path(parts, names[:n], kinds[:n])]


def _reasons(rules: Rules, path: str) -> set[str]:
    """Return the reasons that hold by the definition in the head of `imgrec.sources.rules`."""
    names = path.split("/")
    *folders, name = names
    found = [folder_kind(f, p) for p, f in zip(["", *folders], folders, strict=False)]
    kinds = [None if kind in rules.take else kind for kind in (*found, file_kind(name))]
    hidden = [kind is not None for kind in kinds]
    plain = [False] * len(names)
    excluded = any(_prefixes_named(glob, names, plain) for glob in rules.exclude)
    included = [n for glob in rules.include for n in _prefixes_named(glob, names, hidden)]
    last = max(included, default=0)
    reasons = {kind for n, kind in enumerate(kinds, 1) if kind and n > last}
    return reasons | ({EXCLUDED} if excluded and not included else set())


@given(st.lists(_GLOBS, max_size=3), st.lists(_GLOBS, max_size=3), _PATHS, st.booleans())
def test_a_path_is_judged_as_by_definition(
    exclude: list[str], include: list[str], path: str, hidden: bool
) -> None:
    rules = Rules(frozenset({"hidden"} if hidden else ()), tuple(exclude), tuple(include))
    reason, reasons = rules.reason_of(path), _reasons(rules, path)
    assert reason in reasons if reasons else reason is None


@given(st.lists(_GLOBS, max_size=2), st.lists(_GLOBS, max_size=2), _PATHS)
def test_nothing_is_taken_below_a_folder_that_is_closed(
    exclude: list[str], include: list[str], path: str
) -> None:
    rules = Rules(exclude=tuple(exclude), include=tuple(include))
    below = rules.top()
    *folders, name = path.split("/")
    closed = False
    for folder in folders:
        below = rules.enter(below, folder)
        closed |= below.is_closed
    assert not (closed and rules.reason(below, name) is None)


@pytest.mark.parametrize(
    ("glob", "named", "not_named"),
    [
        ("*.png", ["a.png", "x/y/a.PNG"], ["a.png.jpg", "a.jpg"]),
        ("scans", ["scans/a.jpg", "x/scans/y/a.jpg", "x/Scans/a.jpg"], ["scans2/a.jpg"]),
        ("scans/", ["scans/a.jpg", "x/scans/a.jpg"], ["x/scans"]),
        ("/scans", ["scans/a.jpg"], ["x/scans/a.jpg"]),
        ("x/*.jpg", ["x/a.jpg"], ["x/y/a.jpg", "y/x/a.jpg"]),
        ("x/**/a.jpg", ["x/a.jpg", "x/y/z/a.jpg"], ["a.jpg", "y/a.jpg"]),
        ("x/**", ["x/a.jpg", "x/y/a.jpg"], ["a.jpg"]),
        ("IMG_[0-4]?.jpg", ["IMG_12.jpg", "y/img_47.JPG"], ["IMG_52.jpg", "IMG_1.jpg"]),
        ("./x/y", ["x/y/a.jpg"], ["z/x/y/a.jpg"]),
        ("a[1].jpg", ["a1.jpg"], ["a[1].jpg"]),
        ("a[[]1].jpg", ["a[1].jpg"], ["a1.jpg"]),
        ("caf\u00e9", ["cafe\u0301/a.jpg", "caf\u00e9/a.jpg", "CAF\u00c9/a.jpg"], ["cafe/a.jpg"]),
        ("cafe\u0301*", ["caf\u00e9s/a.jpg", "cafe\u0301s/a.jpg"], []),
        ("caf?.jpg", ["cafe\u0301.jpg"], []),
        ("**", ["a.jpg", "x/a.jpg"], []),
    ],
)
def test_what_a_glob_names(glob: str, named: list[str], not_named: list[str]) -> None:
    rules = Rules(exclude=(glob,))
    assert {path: rules.reason_of(path) for path in named} == dict.fromkeys(named, EXCLUDED)
    assert {path: rules.reason_of(path) for path in not_named} == dict.fromkeys(not_named)


def test_exceptions_do_not_depend_on_the_order_of_options() -> None:
    only_png = Rules(exclude=("*",), include=("*.png",))
    taken = ["a.png", "x/y/a.png"]
    left = ["a.jpg", "x/a.jpg", ".thumbnails/a.png", "._a.png", "x/.y/a.png"]
    assert all(only_png.reason_of(path) is None for path in taken)
    assert all(only_png.reason_of(path) for path in left)
    best = Rules(exclude=("scans",), include=("scans/best",))
    assert best.reason_of("scans/a.jpg") == EXCLUDED
    assert best.reason_of("scans/best/deep/a.jpg") is None


def test_one_hidden_folder_is_taken_by_its_name() -> None:
    for glob in (".scans", ".scans/", "/.scans", ".scans/**", ".sc*"):
        rules = Rules(include=(glob,))
        assert rules.reason_of(".scans/x/a.jpg") is None
        assert rules.reason_of(".scans/.thumbnails/a.jpg")
        assert rules.reason_of(".scans/._a.jpg")
        assert rules.reason_of(".other/a.jpg") == "hidden"
    assert Rules(include=("*", "**", "**/*")).reason_of(".scans/a.jpg") == "hidden"


@given(_PATHS)
def test_kinds_that_are_taken_leave_nothing_out(path: str) -> None:
    rules = Rules(frozenset({"hidden", "trash", "previews", "packages", "companions"}))
    assert rules.reason_of(path) is None


@pytest.mark.parametrize(
    "glob", ["", "/", "./", "..", "a/../b", "a\n", "a\0", "x" * (MAX_GLOB + 1), "\x1b[31m"]
)
def test_a_glob_that_can_name_nothing_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match="glob"):
        Rules(exclude=(glob,))
    with pytest.raises(ValueError, match="glob"):
        Rules(include=(glob,))


def test_an_unknown_kind_and_too_many_globs_are_refused() -> None:
    with pytest.raises(ValueError, match="no kind 'thumbs' of files: name one of hidden, trash"):
        Rules(frozenset({"thumbs"}))
    with pytest.raises(ValueError, match="the limit is 100"):
        Rules(exclude=("a",) * (MAX_GLOBS + 1))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_glob_or_refused(text: str, name: str) -> None:
    try:
        rules = Rules(exclude=(text,))
    except ValueError:
        return
    rules.reason_of(name.replace("/", "") or "a")


def test_a_name_without_wildcards_names_just_itself() -> None:
    for one, other in product(["a", "b.jpg", "ß", "İ", "a b", "$x", "(", "+", "a|b"], repeat=2):
        same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
        assert (Rules(exclude=(one,)).reason_of(other) == EXCLUDED) == same


@pytest.mark.parametrize(
    "glob", ["*a" * 400 + "*b", "**/a/" * 150 + "b", "*" * MAX_GLOB, "[!b]*" * 190 + "!"]
)
def test_a_hostile_glob_takes_bounded_time(glob: str) -> None:
    # Where it backtracks, this does not end.
    state = glob_of(glob).start
    for name in ["a" * 250] * 20:
        state = glob_of(glob).step(state, name)
    assert not glob_of(glob).names(state) or set(glob) == {"*"}
