"""Predicted classes kept in parts of a store: top classes against torch, round trips, damage."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgrec import Store, StoreError
from imgrec.store.classes import Top, labels_of, top_classes, write_classes, write_description

NAMES = ("tench", "tabby, tabby cat", "</script>", "ärmel", "x", "y")


def _top(m: int, seed: int = 0) -> Top:
    scores = np.random.default_rng(seed).normal(size=(m, len(NAMES))).astype(np.float32)
    return top_classes(scores)


def _write(store: Path, encoder: str, ids: list[int], number: int = 0, seed: int = 0) -> Top:
    folder, top = store / "classes" / encoder, _top(len(ids), seed)
    write_description(folder, "random.pth", "00", NAMES)
    write_classes(folder, number, np.array(ids), top)
    return top


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 9)),
        elements=st.floats(-300, 300, width=32),
    )
)
def test_top_classes_equal_those_of_torch(scores: np.ndarray) -> None:
    found = top_classes(scores)
    k = min(5, scores.shape[1])
    softmax = torch.from_numpy(scores).softmax(1)
    expected = softmax.topk(k, dim=1).values.numpy()
    assert found.indices.shape == found.probabilities.shape == (len(scores), k)
    assert np.allclose(found.probabilities, expected, atol=1e-6)
    taken = softmax.numpy()[np.arange(len(scores))[:, None], found.indices]
    assert np.allclose(found.probabilities, taken, atol=1e-6)
    assert all(len(set(row)) == k for row in found.indices.tolist())


def test_equally_probable_classes_are_ordered_by_index() -> None:
    assert top_classes(np.zeros((1, 9), np.float32)).indices.tolist() == [[0, 1, 2, 3, 4]]


def test_classes_round_trip(own_store: Path) -> None:
    with Store.open(own_store) as store:
        assert store.class_encoders() == []
        with pytest.raises(StoreError, match=r"has no classes \(there: none\)"):
            store.classes()
    first, second = _write(own_store, "b", [1, 2, 5]), _write(own_store, "b", [2, 7], 1, 1)
    other = _write(own_store, "a", [3])
    with Store.open(own_store) as store:
        assert store.class_encoders() == ["a", "b"]
        found = store.classes("b")
        assert found.encoder == "b" and found.categories == NAMES
        assert found.ids.tolist() == [1, 2, 5, 7]
        rows = np.concatenate([first.indices[:1], second.indices[:1], first.indices[2:],
                               second.indices[1:]])  # fmt: skip
        assert np.array_equal(found.top, rows)
        assert (found.top.dtype, found.probabilities.dtype) == (np.int16, np.float32)
        assert np.array_equal(store.classes().probabilities, other.probabilities)
        with pytest.raises(StoreError, match=r"of 'mini' \(there: a, b\)"):
            store.classes("mini")


def test_the_stores_own_encoder_comes_first(own_store: Path) -> None:
    _write(own_store, "mini", [3])
    _write(own_store, "a", [3])
    with Store.open(own_store) as store:
        assert store.classes().encoder == store.encoder == "mini"


def test_only_pictures_that_are_ok_have_classes(own_store: Path) -> None:
    _write(own_store, "a", [1, 2, 3, 1000])
    with Store.create(own_store) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id = 2")
        assert store.classes().ids.tolist() == [1, 3]


@pytest.mark.parametrize("damage", ["top", "probabilities", "ids", "json", "range", "absent"])
def test_damaged_files_are_refused(damage: str, own_store: Path) -> None:
    _write(own_store, "a", [1, 2, 3])
    part = own_store / "classes" / "a" / "part-000000"
    if damage == "json":
        (part.parent / "classes.json").write_text("{")
    elif damage == "range":
        np.save(part / "top.npy", np.full((3, 5), 6, np.int16))
    elif damage == "absent":
        (part / "top.npy").unlink()
    else:
        array = np.load(part / f"{damage}.npy")
        np.save(part / f"{damage}.npy", array[:2])
    with Store.open(own_store) as store, pytest.raises(StoreError, match="damaged"):
        store.classes("a")


def test_labels_are_the_first_class_and_its_probability() -> None:
    top = Top(np.array([[1, 0], [3, 2]], np.int16), np.array([[0.874, 0.1], [0.006, 0]], "f4"))
    found = labels_of(np.array([4, 9]), top, NAMES)
    assert found == {
        "class": {4: "tabby, tabby cat", 9: "ärmel"},
        "confidence": {4: "0.87", 9: "0.01"},
    }
