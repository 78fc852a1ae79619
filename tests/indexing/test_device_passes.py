"""Batches through device encoders: results in order, a bounded number of batches begun ahead."""

from collections.abc import Callable, Container, Iterator

import numpy as np
import pytest

from imgrec import EncoderError
from imgrec.collection import Outcome
from imgrec.encoders.classifier import Classifier, Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.indexing.device_passes import described
from imgrec.indexing.jobs import PartJob
from imgrec.indexing.read import Readings
from imgrec.pictures.preprocessing import Pixels, Preprocessing

HOW = Preprocessing(2, 2)


class Counting:
    """A classifier on a device of its own that counts batches begun and not finished."""

    categories = ("a", "b")
    classifies_vectors = True

    def __init__(self, ahead: int, name: str = "counting", fails: Container[int] = ()) -> None:
        self.spec = EncoderSpec(name, 1, HOW, in_worker=False)
        self.ahead = ahead
        self.begun = self.finished = self.most = 0
        self._fails = fails

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        number, self.begun = self.begun, self.begun + 1
        self.most = max(self.most, self.begun - self.finished)
        vectors = pixels[:, 0, 0, :1].astype(np.float32)

        def finish() -> Encoded:
            if number in self._fails:
                raise EncoderError("the device gave up")
            self.finished += 1
            return Encoded(vectors, np.concatenate([vectors, -vectors], axis=1))

        return finish

    def encode(self, pixels: Pixels) -> Vectors:
        return self.begin(pixels)().vectors

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        return ""

    def scores(self, vectors: Vectors) -> Scores:
        return np.concatenate([vectors, -vectors], axis=1)


def _read(ids: list[int], failed: tuple[int, ...] = ()) -> Readings:
    ok = [i for i in ids if i not in failed]
    outcomes = [Outcome(i, "failed" if i in failed else "ok") for i in ids]
    pixels = np.array([np.full((2, 2, 3), i) for i in ok], np.uint8).reshape(-1, 2, 2, 3)
    return Readings(outcomes, np.array(ok, np.int64), [], [], {}, {HOW: pixels})


JOBS = [
    PartJob(0, np.arange(1, 6), ("counting", "thumbs")),
    PartJob(1, np.arange(6, 8), ("thumbs",)),
    PartJob(2, np.arange(8, 12), ("classes/counting",)),
]
TASKS = [[1, 2], [3, 4], [5], [6, 7], [8, 9], [10, 11]]


@pytest.mark.parametrize("ahead", [0, 1, 2, 4, 50])
def test_results_come_in_order_for_any_number_of_batches_ahead(ahead: int) -> None:
    classifier = Counting(ahead)
    assert isinstance(classifier, Classifier)
    drawn = [0]

    def results() -> Iterator[Readings]:
        for ids in TASKS:
            drawn[0] += 1
            yield _read(ids, failed=(3, 4))

    jobs = []
    for given, found in enumerate(described(results(), JOBS, {"counting": classifier})):
        # No more batches are read than the devices take ahead.
        assert drawn[0] <= given + ahead + 1
        assert [o.id for o in found.readings.outcomes] == TASKS[given]
        assert found.readings.pixels == {}
        jobs.append(found.job)
        wanted = found.job != 1 and len(found.readings.ids)
        assert list(found.encoded) == (["counting"] if wanted else [])
        if wanted:
            assert found.encoded["counting"].vectors[:, 0].tolist() == found.readings.ids.tolist()
    assert jobs == [0, 0, 0, 1, 2, 2]
    assert classifier.begun == classifier.finished == 4
    assert classifier.most <= ahead + 1
    assert (classifier.most == 1) == (ahead == 0)


def test_two_classifiers_get_the_same_pixels() -> None:
    both = {"counting": Counting(2), "other": Counting(0, "other")}
    jobs = [PartJob(0, np.arange(1, 5), ("counting", "other"))]
    found = list(described((_read(ids) for ids in ([1, 2], [3, 4])), jobs, both))
    for one, ids in zip(found, ([1, 2], [3, 4]), strict=True):
        assert [one.encoded[name].vectors[:, 0].tolist() for name in both] == [ids, ids]


def test_a_failing_device_ends_the_run_after_the_earlier_results() -> None:
    results = (_read(ids) for ids in TASKS)
    found = described(results, JOBS, {"counting": Counting(2, fails=range(2, 100))})
    assert [next(found).readings.outcomes[0].id for _ in range(2)] == [1, 3]
    with pytest.raises(EncoderError, match="gave up"):
        next(found)


def test_a_device_that_fails_once_is_asked_again() -> None:
    results = (_read(ids) for ids in TASKS)
    found = list(described(results, JOBS, {"counting": Counting(2, fails=[2])}))
    assert [one.readings.ids.tolist() for one in found] == TASKS
    assert [one.encoded["counting"].vectors[:, 0].tolist() for one in found if one.encoded] == [
        ids for ids in TASKS if ids != [6, 7]
    ]
