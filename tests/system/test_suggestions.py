"""Which known name an unknown one stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.system.suggestions import did_you_mean, likeliest

CLASSES = ["Labrador_retriever", "running shoe", "tabby", "golden retriever", "loafer"]


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        ("cosin", ["cosine", "euclidean"], ["cosine"]),
        ("ledien", ["louvain", "leiden"], ["leiden"]),
        ("golden_RETRIEVER", CLASSES, ["golden retriever"]),
        ("retriever", CLASSES, ["golden retriever", "Labrador_retriever"]),
        ("shoos", CLASSES, ["running shoe"]),
        ("colour", ["community", "color", "folder"], ["color"]),
        ("xyzzy", CLASSES, []),
        ("3", ["30 days", "1990"], []),
        ("", CLASSES, []),
    ],
)
def test_the_likeliest_names(asked: str, known: list[str], expected: list[str]) -> None:
    assert likeliest(asked, known) == expected
    question = f"did you mean {' or '.join(expected)}?" if expected else ""
    assert did_you_mean(asked, known) == question


@given(st.text(max_size=9), st.lists(st.text(max_size=9), max_size=6), st.integers(1, 3))
def test_only_known_names_are_offered(asked: str, known: list[str], most: int) -> None:
    found = likeliest(asked, known, most)
    assert len(found) == len(set(found)) <= most
    assert set(found) <= set(known)
