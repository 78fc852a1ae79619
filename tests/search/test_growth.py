"""What stays open or in memory of a search: nothing more after many questions than after few."""

import gc
import os
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

import vector_stores
from cached_vectors import SPEC, vector
from imgrec import Recommender
from imgrec.search.cache import open_cache
from imgrec.search.cache_backends import RedisServer, SqliteFile
from pictures import picture
from ports import free_port
from redis_servers import redis_server

VECTORS = vector_stores.clustered(120, 16)
_OPEN = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(not _OPEN.is_dir(), reason="no list of open files here")


def _open_files() -> int:
    gc.collect()
    return len(os.listdir(_OPEN))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = vector_stores.make(tmp_path / "store", {"vec": VECTORS[:100]})
    vector_stores.update(path)
    return path


def _ask(path: Path, cache: str = "none") -> None:
    with Recommender.open(path, cache=cache) as opened:
        for way in ("exact", "sketch", "hnsw"):
            opened.query([1], index=way)
        opened.query([2], where=["half=low"], under=["f1"])


def test_no_file_is_left_open_and_no_thread_is_left_running(path: Path) -> None:
    _ask(path)
    files, threads = _open_files(), threading.active_count()
    for _ in range(5):
        _ask(path)
    assert _open_files() == files
    assert threading.active_count() == threads


def test_a_recommender_that_outlives_its_store_holds_few_files(path: Path) -> None:
    """The catalog is replaced again and again while one recommender stays open."""
    before = _open_files()
    with Recommender.open(path, cache="none") as opened:
        opened.query([1])
        for number in range(101, 105):
            vector_stores.add_pictures(path, [number])
            vector_stores.add_part(path, "vec", np.array([number]), VECTORS[[number]])
            opened.query([1])
        views = opened._states._view
        assert views is not None
        assert len(views._opened) <= 2
        assert len(opened._states._outlived) == 0
    del opened, views
    assert _open_files() == before


@pytest.mark.parametrize("asked", [0, 3])
def test_a_cache_that_is_closed_holds_no_file(tmp_path: Path, asked: int) -> None:
    before = _open_files()
    for _ in range(5):
        cache = open_cache(str(tmp_path / "v.sqlite"))
        for number in range(asked):
            cache.put(SPEC, str(number), vector(number))
            assert cache.get(SPEC, str(number)) is not None
        cache.close()
    assert _open_files() == before


def test_a_cache_that_fails_holds_no_file(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"no database" * 1000)
    before = _open_files()
    caches = [open_cache(str(tmp_path / "v"), warn=lambda line: None) for _ in range(5)]
    for cache in caches:
        assert cache.get(SPEC, "a") is None
    assert _open_files() == before
    for cache in caches:
        cache.close()


def test_the_file_of_a_cache_does_not_grow_with_the_same_vectors(tmp_path: Path) -> None:
    path = tmp_path / "v"
    for _ in range(2):
        for _ in range(3):
            cache = open_cache(str(path))
            for number in range(50):
                cache.put(SPEC, str(number), vector(number))
                assert cache.get(SPEC, str(number)) is not None
            cache.close()
        size = path.stat().st_size
    assert path.stat().st_size == size < 30_000
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


def test_a_query_by_a_file_leaves_it_closed(path: Path, tmp_path: Path, photo_store: Path) -> None:
    picture("discs", 77).save(tmp_path / "new.png")
    with Recommender.open(photo_store, cache="none") as opened:
        opened.query([tmp_path / "new.png"])
        before = _open_files()
        for _ in range(3):
            opened.query([tmp_path / "new.png"])
        assert _open_files() == before


def test_closing_closes_what_others_still_refer_to(path: Path, tmp_path: Path) -> None:
    """Without references the interpreter would close them too, and hide that nobody does."""
    opened = Recommender.open(path, cache=str(tmp_path / "v.sqlite"))
    opened.query([1])
    store = opened.store
    opened.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        store.catalog.db.execute("SELECT 1")


def test_the_connection_of_a_cache_is_closed(tmp_path: Path) -> None:
    place = SqliteFile(tmp_path / "v.sqlite", 1 << 20)
    place.close()
    place.write("a", b"1", 5.0)
    assert place.read("a", 5.0) == b"1"
    opened = place._opened
    assert opened is not None
    place.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")


@pytest.mark.redis
def test_the_socket_of_a_cache_is_closed(tmp_path: Path) -> None:
    pytest.importorskip("redis")
    with redis_server(tmp_path, free_port()) as address:
        place = RedisServer(address, address)
        place.write("a", b"1", 5.0)
        before = _open_files()
        place.close()
        # The client and its pool of connections are still referred to.
        assert place is not None
        assert _open_files() == before - 1
