"""A picture in several collections has a chip for each, which the search box finds."""

from graph.name_search.labels import label_terms
from graph.picture_facts import Chip, chips_of
from imgrec import Store
from imgrec.labels.collections import change_collection


def test_each_collection_is_a_chip(store: Store) -> None:
    change_collection(store, "best", [1])
    change_collection(store, "a beach", [1, 2])
    labels = store.catalog.labels.of([1, 2])
    chips = [chip for chip in chips_of(labels[1]) if chip.kind == "collection"]
    assert chips == [Chip("collection", name, name) for name in ("a beach", "best")]
    terms = {*label_terms((chip.kind, chip.value) for chip in chips)}
    assert {":collection:best", ":collection:a beach"} <= terms
    assert [c.value for c in chips_of(labels[2]) if c.kind == "collection"] == ["a beach"]


def test_other_labels_with_a_comma_stay_whole() -> None:
    assert Chip("folder", "a, b", "a, b") in chips_of({"folder": "a, b"})
