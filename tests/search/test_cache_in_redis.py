"""The query cache in redis: servers that fail, come back or are full; addresses and passwords."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from cached_vectors import SPEC, is_kept, nothing_is_kept, vector
from imgrec.errors import ImgrecError
from imgrec.search.cache import REDIS_PAUSE_S, open_cache
from ports import free_port
from redis_servers import redis_server


def test_an_unreachable_redis_gives_a_warning(warnings: list[str]) -> None:
    address = f"redis://127.0.0.1:{free_port()}/0"
    with closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache:
        assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"imgrec: the vector cache {address} cannot be used (Error ")
    assert warnings[0].endswith("Connection refused): continuing without it")


def test_a_redis_that_does_not_answer_times_out(warnings: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache:
            assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert "Timeout" in warnings[0]


@pytest.mark.redis
def test_a_restarted_redis_is_used_again(tmp_path: Path, warnings: list[str]) -> None:
    port, now_s = free_port(), [0.0]
    address = f"redis://127.0.0.1:{port}/0"
    with closing(open_cache(address, warn=warnings.append, clock=lambda: now_s[0])) as cache:
        with redis_server(tmp_path, port):
            cache.put(SPEC, "a", vector(1))
            assert is_kept(cache, "a", vector(1))
        assert nothing_is_kept(cache)
        assert len(warnings) == 1
        with redis_server(tmp_path, port):
            now_s[0] = REDIS_PAUSE_S - 1
            assert nothing_is_kept(cache)
            now_s[0] = REDIS_PAUSE_S
            # The server was asked, and is a new one without the vector.
            assert cache.get(SPEC, "a") is None
            cache.put(SPEC, "a", vector(2))
            assert is_kept(cache, "a", vector(2))
        assert nothing_is_kept(cache)
    assert len(warnings) == 1


@pytest.mark.redis
def test_a_full_redis_gives_a_warning(tmp_path: Path, warnings: list[str]) -> None:
    with (
        redis_server(tmp_path, free_port(), "--maxmemory", "1") as address,
        closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache,
    ):
        assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert "maxmemory" in warnings[0]


@pytest.mark.redis
def test_a_redis_at_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with (
        redis_server(tmp_path, free_port(), "--unixsocket", str(path)) as address,
        closing(open_cache(f"unix://{path}?db=0")) as one,
        closing(open_cache(address)) as other,
    ):
        one.put(SPEC, "socket", vector(1))
        assert is_kept(other, "socket", vector(1))


@pytest.mark.redis
def test_a_password_is_used_and_never_shown(tmp_path: Path, warnings: list[str]) -> None:
    with redis_server(tmp_path, free_port(), "--requirepass", "s@cret") as address:
        place = address.removeprefix("redis://")
        with closing(open_cache(f"redis://:s%40cret@{place}", warn=warnings.append)) as cache:
            cache.put(SPEC, "a", vector(1))
            assert is_kept(cache, "a", vector(1))
        assert not warnings
        for wrong in (f"redis://me:hidden@{place}", f"redis://{place}?password=hidden"):
            with closing(open_cache(wrong, warn=warnings.append)) as cache:
                assert nothing_is_kept(cache)
            assert f"cache {address} cannot be used" in warnings[-1]
    assert len(warnings) == 2
    assert not [line for line in warnings if "hidden" in line]


@pytest.mark.parametrize(
    "address",
    [
        "http://me:hidden@localhost/",
        "redis://me:hid#den@localhost/0",
        "redis://me:hid/den@localhost/0",
        "redis://me:hid?den@localhost/0",
        "redis://me:hid@den@localhost/0",
        "redis://me:hid℀den@localhost/0",
        "redis://localhost:port",
        "redis://",
        "unix://",
        "postgres://localhost",
    ],
)
def test_an_invalid_address_is_refused_without_showing_its_password(address: str) -> None:
    with pytest.raises(ImgrecError, match=r"SQLite file, none, redis://.* unix://") as caught:
        open_cache(address)
    assert "hid" not in str(caught.value)
    assert "den" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rediss://me:hidden@[::1]:1/0?ssl_cert_reqs=none", "rediss://[::1]:1/0"),
        ("unix://me:hidden@/nowhere/socket?db=1", "unix:///nowhere/socket"),
        ("redis://localhost:99999", "redis://localhost:99999"),
        ("redis://localhost:1?db=hidden", "redis://localhost:1"),
        ("redis://localhost:1?retry=hidden", "redis://localhost:1"),
        ("redis://localhost:1?unknown=hidden", "redis://localhost:1"),
    ],
)
def test_an_address_that_fails_gives_a_warning_without_its_password(
    address: str, shown: str, warnings: list[str]
) -> None:
    with closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache:
        assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"imgrec: the vector cache {shown} cannot be used (")
    assert "hidden" not in warnings[0]
