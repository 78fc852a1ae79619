"""The query cache in SQLite and redis: bit-exact, bounded, shared, and optional if it fails."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cached_vectors import SPEC, is_kept, nothing_is_kept, vector
from imgrec.encoders.spec import Vectors
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.search.cache import open_cache
from imgrec.search.cache_backends import REDIS_PREFIX
from paths import HELPERS
from ports import free_port
from redis_servers import redis_server

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
VECTORS = st.integers(1, 40).flatmap(lambda d: arrays(np.float32, (1, d), elements=FINITE))


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a redis server for the whole run; skip the test if none is installed."""
    folder = tmp_path_factory.mktemp("redis")
    with redis_server(folder, free_port()) as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a cache, for each backend."""
    if request.param == "sqlite":
        return str(tmp_path / "new" / "vectors.sqlite")
    address: str = request.getfixturevalue("redis_address")
    return address


@given(VECTORS, st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_vector_round_trips_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, kept: Vectors, content: str
) -> None:
    spec = replace(SPEC, dimensions=kept.shape[1])
    path = tmp_path_factory.getbasetemp() / "vectors.sqlite"
    with closing(open_cache(str(path))) as cache:
        cache.put(spec, content, kept)
    with closing(open_cache(str(path))) as cache:
        found = cache.get(spec, content)
    assert found is not None
    assert found.dtype == np.float32
    assert found.shape == kept.shape
    assert found.tobytes() == kept.tobytes()
    # The array belongs to the caller: changing it does not change the cache.
    found[:] = 0


def test_two_caches_at_one_address_share_vectors(where: str, warnings: list[str]) -> None:
    with (
        closing(open_cache(where, warn=warnings.append)) as one,
        closing(open_cache(where, warn=warnings.append)) as other,
    ):
        assert other.get(SPEC, "shared") is None
        one.put(SPEC, "shared", vector(1))
        assert is_kept(other, "shared", vector(1))
        other.put(SPEC, "shared", vector(2))
        assert is_kept(one, "shared", vector(2))
    assert not warnings


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "another"},
        {"version": 2},
        {"weights_digest": "cd34"},
        {"kind": "histogram"},
        {"preprocessing": Preprocessing(32, 40, "crop")},
        {"dimensions": 9},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_vector_of_another_spec_is_not_found(where: str, changed: dict[str, object]) -> None:
    with closing(open_cache(where)) as cache:
        cache.put(SPEC, "a", vector(1))
        assert cache.get(replace(SPEC, **changed), "a") is None  # type: ignore[arg-type]
        assert cache.get(SPEC, "b") is None
        assert is_kept(cache, "a", vector(1))


def test_fields_that_do_not_affect_the_vector_are_no_part_of_the_key(tmp_path: Path) -> None:
    with closing(open_cache(str(tmp_path / "v"))) as cache:
        cache.put(SPEC, "a", vector(1))
        assert cache.get(replace(SPEC, weights="elsewhere", in_worker=False), "a") is not None


def test_a_vector_of_another_shape_is_refused(where: str) -> None:
    with closing(open_cache(where)) as cache:
        for shape in ((8,), (2, 8), (1, 9)):
            with pytest.raises(ValueError, match=r"but stub has \(1, 8\)"):
                cache.put(SPEC, "a", np.zeros(shape, np.float32))


SPOILT = [b"", b"\0" * 31, b"\0" * 33, np.full(8, np.nan, "<f4").tobytes()]
SPOILT += [np.array([0] * 7 + [np.inf], "<f4").tobytes()]


@pytest.mark.parametrize("data", [*SPOILT, "12345678" * 4, 7], ids=repr)
def test_an_invalid_row_counts_as_absent(tmp_path: Path, data: object, warnings: list[str]) -> None:
    with closing(open_cache(str(tmp_path / "v"), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
        with closing(sqlite3.connect(tmp_path / "v")) as db, db:
            assert db.execute("UPDATE vectors SET vector = ?", [data]).rowcount == 1
        assert cache.get(SPEC, "a") is None
        cache.put(SPEC, "a", vector(2))
        assert is_kept(cache, "a", vector(2))
    assert not warnings


@pytest.mark.redis
def test_an_invalid_value_in_redis_counts_as_absent(redis_address: str) -> None:
    from redis import Redis

    with (
        closing(open_cache(redis_address)) as cache,
        closing(Redis.from_url(redis_address)) as client,
    ):
        cache.put(SPEC, "spoilt", vector(1))
        (key,) = client.scan_iter(f"{REDIS_PREFIX}*:spoilt")
        for data in SPOILT:
            client.set(key, data)
            assert cache.get(SPEC, "spoilt") is None


def test_a_vector_that_is_not_finite_is_not_cached(where: str) -> None:
    with closing(open_cache(where)) as cache:
        cache.put(SPEC, "nan", np.full((1, 8), np.nan, np.float32))
        assert cache.get(SPEC, "nan") is None


def test_the_least_recently_used_vectors_are_evicted_first(tmp_path: Path) -> None:
    path, bound, spec = tmp_path / "v", 400_000, replace(SPEC, dimensions=500)
    with closing(open_cache(str(path), max_bytes=bound)) as cache:
        # 2 kB each, five times the limit in all.
        for i in range(1000):
            cache.put(spec, str(i), vector(i, 500))
            assert cache.get(spec, "0") is not None, i
        kept = [i for i in range(1000) if cache.get(spec, str(i)) is not None]
    assert kept == [0, *range(1001 - len(kept), 1000)]
    assert len(kept) > 70
    assert path.stat().st_size < bound + 20_000


def test_a_limit_below_the_size_of_one_vector(tmp_path: Path, warnings: list[str]) -> None:
    with closing(open_cache(str(tmp_path / "v"), max_bytes=1, warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
        assert cache.get(SPEC, "a") is None
    assert not warnings


def test_several_threads(where: str, warnings: list[str]) -> None:
    def ask(i: int) -> bool:
        cache.put(SPEC, f"thread-{i % 50}", vector(i % 50))
        return is_kept(cache, f"thread-{i % 50}", vector(i % 50))

    with (
        closing(open_cache(where, warn=warnings.append)) as cache,
        ThreadPoolExecutor(8) as pool,
    ):
        assert all(pool.map(ask, range(400)))
    assert not warnings


PROCESS = """
import sys
from imgrec.search.cache import open_cache
from cached_vectors import SPEC, is_kept, vector
cache = open_cache(sys.argv[1], warn=sys.exit)
for i in range(100):
    for j in (i, int(sys.argv[2]) * 1000 + i):
        cache.put(SPEC, f"process-{j}", vector(j))
        assert is_kept(cache, f"process-{j}", vector(j))
cache.close()
"""


def test_several_processes(where: str, warnings: list[str]) -> None:
    command = [sys.executable, "-c", PROCESS, where]
    tests = str(HELPERS)
    started = [
        subprocess.Popen([*command, str(n)], cwd=tests, stderr=subprocess.PIPE, text=True)
        for n in range(1, 5)
    ]
    assert [process.communicate()[1] for process in started] == [""] * 4
    with closing(open_cache(where, warn=warnings.append)) as cache:
        for i in (j * 1000 + k for j in range(5) for k in range(100)):
            assert is_kept(cache, f"process-{i}", vector(i))
    assert not warnings


def test_a_damaged_file_is_not_used_and_not_changed(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "v"
    path.write_bytes(b"no database" * 1000)
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert path.read_bytes() == b"no database" * 1000
    assert warnings == [
        f"imgrec: the vector cache {path} cannot be used (file is not a database): "
        "continuing without it"
    ]


def test_a_file_damaged_while_open_gives_a_warning(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "v"
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TABLE vectors")
        assert nothing_is_kept(cache)
    assert len(warnings) == 1


def test_a_database_of_another_program_is_not_changed(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE images (id INTEGER)")
    before = path.read_bytes()
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert path.read_bytes() == before
    assert len(warnings) == 1
    assert "the SQLite file of another program" in warnings[0]


@pytest.mark.parametrize("below", ["file/vectors.sqlite", "folder"])
def test_a_path_that_cannot_be_written_gives_a_warning(
    tmp_path: Path, below: str, warnings: list[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with closing(open_cache(str(tmp_path / below), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert f"{tmp_path / below} cannot be used (" in warnings[0]


def test_the_default_is_the_cache_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with closing(open_cache(None)) as cache:
        assert not (tmp_path / "cache").exists()
        cache.put(SPEC, "a", vector(1))
    assert (tmp_path / "cache" / "imgrec" / "vectors.sqlite").is_file()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with closing(open_cache(None)) as cache:
        assert nothing_is_kept(cache)
    path = tmp_path / "file" / "imgrec" / "vectors.sqlite"
    assert capsys.readouterr() == (
        "",
        f"imgrec: the vector cache {path} cannot be used (Not a directory): "
        "continuing without it\n",
    )


def test_opening_creates_no_file_and_imports_no_backend(tmp_path: Path) -> None:
    code = (
        "import sys; from imgrec.search.cache import open_cache\n"
        "for where in (None, 'none', 'a/v.sqlite', 'redis://a/0'): open_cache(where).close()\n"
        "print([m for m in ('redis', 'platformdirs') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert not list(tmp_path.iterdir())


def test_the_cache_none_stores_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_cache("none")) as cache:
        assert nothing_is_kept(cache)
    assert not list(tmp_path.iterdir())


def test_a_closed_cache_finds_nothing(where: str, warnings: list[str]) -> None:
    cache = open_cache(where, warn=warnings.append)
    cache.put(SPEC, "a", vector(1))
    cache.close()
    cache.close()
    assert nothing_is_kept(cache)
    assert not warnings
