"""The fields of an answer, which `--json` prints: their names and defaults are a contract."""

from dataclasses import asdict

from imgrec import Recommender, Store
from imgrec.search.answer import Answer, Result, Text


def test_an_answer_is_printed_with_all_of_its_fields() -> None:
    result = Result(1, 7, "a.jpg", "/photos/a.jpg", 0.25, 0.75, [0.25], [], {"folder": "x"})
    text = Text("dog", False, "lite0")
    answer = Answer(
        queries=["q.jpg"],
        unwanted=[],
        texts=[text],
        encoder="mini",
        metric="cosine",
        fuse="mean",
        k=1,
        images=9,
        index="exact",
        exact=True,
        elapsed_ms=1.5,
        results=[result],
    )
    assert answer.to_dict() == {
        "queries": ["q.jpg"],
        "unwanted": [],
        "texts": [
            {
                "text": "dog",
                "unwanted": False,
                "by": "lite0",
                "word": None,
                "sense": None,
                "classes": [],
                "pictures": None,
                "best": None,
                "note": "",
            }
        ],
        "encoder": "mini",
        "metric": "cosine",
        "fuse": "mean",
        "k": 1,
        "images": 9,
        "index": "exact",
        "exact": True,
        "elapsed_ms": 1.5,
        "results": [
            {
                "rank": 1,
                "id": 7,
                "path": "a.jpg",
                "file": "/photos/a.jpg",
                "distance": 0.25,
                "similarity": 0.75,
                "per_query": [0.25],
                "per_unwanted": [],
                "labels": {"folder": "x"},
                "page": None,
                "metadata": {},
                "community": None,
            }
        ],
        "classes": {},
        "warnings": [],
        "store": "",
    }


def test_answers_share_no_list() -> None:
    first, second = (Text("a", True, "b") for _ in range(2))
    first.classes.append("c")
    assert second.classes == []


def test_the_object_of_an_answer_is_a_copy_of_its_fields(store: Store) -> None:
    answer = Recommender(store).query([1, 2], unwanted=[3], k=5)
    found = answer.to_dict()
    assert found == asdict(answer)
    assert list(found) == list(asdict(answer))
    assert list(found["results"][0]) == list(asdict(answer.results[0]))
    found["results"][0]["labels"]["color"] = found["queries"][0] = "changed"
    assert "changed" not in {answer.queries[0], answer.results[0].labels.get("color")}
