"""Search in a store that was pulled without its vectors: rows are read by ranges."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

import vector_stores
from imgrec import Recommender, Store
from imgrec.errors import ImgrecError, StoreError
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.search.answer import Answer
from imgrec.store import elsewhere
from imgrec.store.pulled import VECTORS, check_whole
from remote_stores import assert_equal_stores, url_of

# So many that the sketch answers: more than twice its candidates.
COUNT, PART_ROWS = 2500, 200


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A whole store, its address, and what was pulled of it without vectors."""
    folder = tmp_path_factory.mktemp("far")
    vectors = {
        "lite0": vector_stores.clustered(COUNT, 96),
        "mini": vector_stores.clustered(COUNT, 32, 1),
        "half": vector_stores.clustered(COUNT, 40, 2).astype(np.float16),
    }
    whole = vector_stores.make(folder / "whole", vectors, PART_ROWS)
    vector_stores.update(whole)
    vector_stores.remove(whole, [5, 6, 777])
    url = url_of(folder / "remote")
    push(whole, url)
    pull(url, folder / "far", vectors=False)
    return whole, url, folder / "far"


def told(answer: Answer) -> list[tuple[int, float]]:
    return [(result.id, result.distance) for result in answer.results]


def test_no_vector_is_here(places: tuple[Path, str, Path]) -> None:
    whole, _, far = places
    assert list(whole.rglob("vectors.npy"))
    assert not list(far.rglob("vectors.npy"))


@pytest.mark.parametrize("feature", ["lite0", "mini", "half", "lite0+mini"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_sketch_answers_as_in_the_whole_store(
    places: tuple[Path, str, Path], feature: str, metric: str
) -> None:
    whole, _, far = places
    if (feature, metric) == ("lite0+mini", "euclidean"):
        pytest.skip("a relation is compared by cosine")
    with Recommender.open(whole, cache="none") as near, Recommender.open(far, cache="none") as away:
        for ids in ([1], [400, 2000, 2001]):
            answers = [
                each.query(ids, k=8, encoder=feature, metric=metric, index="sketch")
                for each in (near, away)
            ]
            assert told(answers[0]) == told(answers[1])
            assert len(answers[0].results) == 8


def test_few_rows_are_read_and_none_twice(places: tuple[Path, str, Path]) -> None:
    far = places[2]
    with Store.open(far) as store:
        feature = store.feature("lite0")
        ids = np.array([2400, 3, 4, 5 + PART_ROWS, 3])
        first = feature.take(ids)
        where = feature._elsewhere
        assert where is not None
        traffic = where.objects.traffic
        assert traffic.bytes_read == 4 * 96 * 4
        # Near rows of a part are one request.
        assert traffic.reads == 3
        np.testing.assert_array_equal(feature.take(ids), first)
        assert traffic.reads == 3
    with Store.open(places[0]) as store:
        np.testing.assert_array_equal(store.feature("lite0").take(ids), first)


def test_what_compares_all_vectors_says_what_to_do(places: tuple[Path, str, Path]) -> None:
    _, url, far = places
    with Recommender.open(far, cache="none") as opened, Store.open(far) as store:
        for asked in (
            lambda: opened.query([1], encoder="lite0", index="exact"),
            lambda: opened.query([1], encoder="lite0+mini", index="exact"),
            store.feature("lite0").load,
            lambda: list(store.feature("lite0").slices()),
            lambda: list(store.feature("lite0+mini").slices()),
            store.feature("mini").blocks[0].load,
            store.feature("lite0+mini").blocks[0].load,
        ):
            with pytest.raises(StoreError) as told_why:
                asked()
            assert f"run imgrec pull {url} {far}" in str(told_why.value)
    with pytest.raises(StoreError, match=r"imgrec index needs the vectors that .* without: run"):
        check_whole(far, "imgrec index")


def test_many_rows_are_not_read_by_ranges(
    places: tuple[Path, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.store.features.MOST_BYTES", 1000 * 32 * 4)
    with Recommender.open(places[2], cache="none") as opened:
        assert opened.query([1], encoder="mini", index="sketch").results
        with pytest.raises(StoreError, match="needs all vectors"):
            opened.query([1], encoder="mini", index="sketch", k=26)


def test_rows_in_memory_are_bounded(
    places: tuple[Path, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_KEPT_BYTES", 10 * 96 * 4)
    with Store.open(places[2]) as store:
        feature = store.feature("lite0")
        every = feature.ids[:500]
        expected = np.concatenate([feature.take(every[i : i + 50]) for i in range(0, 500, 50)])
        np.testing.assert_array_equal(feature.take(every), expected)
        assert feature._elsewhere is not None
        assert feature._elsewhere._bytes <= 10 * 96 * 4
        assert len(feature._elsewhere._rows) <= 10


def test_pulled_whole_later_it_is_equal(places: tuple[Path, str, Path], tmp_path: Path) -> None:
    whole, url, _ = places
    assert pull(url, tmp_path / "pulled", vectors=False).lacks == VECTORS
    pull(url, tmp_path / "pulled")
    assert_equal_stores(whole, tmp_path / "pulled")
    with Recommender.open(tmp_path / "pulled", cache="none") as opened:
        assert opened.query([1], encoder="lite0", index="exact").results


def test_a_store_of_somebody_else_leads_to_no_request(
    places: tuple[Path, str, Path], tmp_path: Path
) -> None:
    # Copied: this user has not pulled it there.
    copy = Path(shutil.copytree(places[2], tmp_path / "copy"))
    with Store.open(copy) as store, pytest.raises(StoreError, match="this user has not pulled"):
        store.feature("lite0")
    # Pulled by this user, and changed to lead elsewhere.
    said = json.loads((copy / "pulled.json").read_text("utf-8"))
    pull(places[1], copy, vectors=False)
    (copy / "pulled.json").write_text(json.dumps({**said, "from": "s3://other/store"}), "utf-8")
    with Store.open(copy) as store, pytest.raises(StoreError, match="s3://other/store"):
        store.feature("lite0")


def test_a_damaged_part_json_is_told(places: tuple[Path, str, Path], tmp_path: Path) -> None:
    pull(places[1], tmp_path / "pulled", vectors=False)
    (tmp_path / "pulled" / "features" / "mini" / "part-000001" / "part.json").write_bytes(b"{}")
    with Store.open(tmp_path / "pulled") as store:
        with pytest.raises(StoreError, match=r"part-000001 is damaged: run imgrec pull file://"):
            store.feature("mini")
        assert len(store.feature("lite0")) == COUNT - 3


def test_an_address_that_is_gone_is_told(places: tuple[Path, str, Path], tmp_path: Path) -> None:
    pull(places[1], tmp_path / "pulled", vectors=False)
    folder = Path(places[1].removeprefix("file://"))
    folder.rename(folder.with_name("moved"))
    try:
        with (
            Store.open(tmp_path / "pulled") as store,
            pytest.raises(ImgrecError, match="no folder"),
        ):
            store.feature("mini").take(np.array([1]))
    finally:
        folder.with_name("moved").rename(folder)


def test_vectors_that_were_pruned_are_told(places: tuple[Path, str, Path], tmp_path: Path) -> None:
    url, far = url_of(tmp_path / "remote"), tmp_path / "far"
    push(places[0], url)
    pull(url, far, vectors=False)
    for blob in (tmp_path / "remote" / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    with (
        Recommender.open(far, cache="none") as recommender,
        pytest.raises(StoreError, match=r"no longer has the vectors .*: run imgrec pull file://"),
    ):
        recommender.query([1], k=3, encoder="lite0", index="sketch")
