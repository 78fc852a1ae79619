"""The headers of tar files: those of `tarfile` in all formats, and hostile ones."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.sources import tar_headers
from imgrec.sources.tar_headers import BLOCK, Member, Passed, TarError, members

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def tar_of(
    files: dict[str, bytes], kind: int = tarfile.PAX_FORMAT, mtime: float = 1_600_000_000
) -> bytes:
    """Return a tar file of some files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), mtime  # type: ignore[assignment]
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


def read_of(data: bytes) -> tuple[list[Member], Passed, list[tuple[int, int]]]:
    """Return the members of a tar file, what was passed over, and what was read."""
    passed, asked = Passed(), list[tuple[int, int]]()

    def read(start: int, length: int) -> bytes:
        asked.append((start, length))
        return data[start : start + length]

    return list(members(len(data), read, passed)), passed, asked


def expected_of(data: bytes) -> list[Member]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        return [
            Member(info.name, info.offset_data, info.size, int(info.mtime))
            for info in tar
            if info.isreg() and not info.sparse
        ]


@pytest.mark.parametrize("kind", FORMATS)
def test_names_offsets_and_sizes_are_those_of_tarfile(kind: int) -> None:
    long = "a/" * 40 + "b" * 18
    files = {
        "a.jpg": b"1",
        "empty.jpg": b"",
        "block.jpg": bytes(512),
        "more.jpg": bytes(513),
        "ü/ö ä.jpg": b"12",
        long: b"123",
    }
    if kind != tarfile.USTAR_FORMAT:
        files["x" * 300 + "/" + "é" * 200 + ".jpg"] = b"1234"
    data = tar_of(files, kind)
    found, passed, asked = read_of(data)
    assert found == expected_of(data)
    assert [data[m.offset : m.offset + m.size] for m in found] == list(files.values())
    assert [m.name for m in found] == list(files)
    assert passed == Passed()
    assert sum(length for _, length in asked) < 12_000


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=150).filter(
            lambda name: not name.startswith("/") and not name.endswith("/")
        ),
        st.binary(max_size=1500),
        max_size=6,
    ),
    st.sampled_from(FORMATS[1:]),
    st.floats(-1e9, 1e10),
)
def test_any_files_are_those_of_tarfile(files: dict[str, bytes], kind: int, mtime: float) -> None:
    data = tar_of(files, kind, mtime if kind == tarfile.PAX_FORMAT else int(mtime))
    found = read_of(data)[0]
    assert found == expected_of(data)
    assert [data[m.offset : m.offset + m.size] for m in found] == list(files.values())


def test_a_large_member_has_its_size_in_base_256_or_in_pax() -> None:
    for kind in FORMATS[1:]:
        info = tarfile.TarInfo("large.jpg")
        info.size = 9 * 2**30
        head = info.tobuf(kind)

        def read(start: int, length: int, head: bytes = head) -> bytes:
            return head[start : start + length].ljust(length, b"\0")

        size = len(head) + info.size + 2 * BLOCK
        (found,) = members(size, read, Passed())
        assert (found.size, found.offset) == (info.size, len(head))


def test_what_is_no_regular_file_is_counted() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, kind in [
            ("dir", tarfile.DIRTYPE),
            ("soft.jpg", tarfile.SYMTYPE),
            ("hard.jpg", tarfile.LNKTYPE),
            ("pipe.jpg", tarfile.FIFOTYPE),
            ("dev.jpg", tarfile.CHRTYPE),
        ]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        info = tarfile.TarInfo("last.jpg")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"123"))
    data = made.getvalue()
    found, passed, _ = read_of(data)
    assert found == expected_of(data) and found[0].name == "last.jpg"
    assert passed == Passed(links=2, others=2)


@pytest.mark.parametrize("pax", [False, True])
def test_a_sparse_file_is_counted_and_what_follows_is_found(pax: bool) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        sparse = tarfile.TarInfo("holes.jpg")
        sparse.size = 700
        if pax:
            sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        else:
            sparse.type = b"S"
        tar.addfile(sparse, io.BytesIO(bytes(700)))
        last = tarfile.TarInfo("last.jpg")
        last.size = 1
        tar.addfile(last, io.BytesIO(b"1"))
    found, passed, _ = read_of(made.getvalue())
    assert [member.name for member in found] == ["last.jpg"]
    assert passed == Passed(others=1)


def test_the_end_may_lack() -> None:
    whole = tar_of({"a.jpg": b"12345", "b.jpg": b"678"})
    expected = expected_of(whole)
    end = expected[1].offset + 3
    for cut in (len(whole), end + 509 + BLOCK, end + 509, end):
        assert read_of(whole[:cut])[0] == expected
    assert read_of(b"") == ([], Passed(), [])


def test_a_file_that_is_cut_off_is_told_at_every_length() -> None:
    whole = tar_of({"a.jpg": bytes(600), "é" * 90: b"678"}, tarfile.GNU_FORMAT)
    end = read_of(whole)[0][1].offset + 3
    # In the padding of the first member, whose content is whole, a file may end.
    for cut in {*range(1, end, 37)} - {*range(512 + 600, 512 + 1024 + 1)}:
        with pytest.raises(TarError):
            read_of(whole[:cut])


def _header(**changes: bytes) -> bytearray:
    head = bytearray(tarfile.TarInfo("a.jpg").tobuf(tarfile.GNU_FORMAT)[:BLOCK])
    at = {"name": 0, "size": 124, "mtime": 136, "kind": 156}
    for name, value in changes.items():
        head[at[name] : at[name] + len(value)] = value
    head[148:156] = b" " * 8
    head[148:156] = f"{sum(head):06o}\0 ".encode()
    return head


@pytest.mark.parametrize(
    "data",
    [
        b"no tar file at all".ljust(BLOCK, b"."),
        _header(size=b"77777777777\0"),
        _header(size=b"\xff" + b"\xff" * 11),
        _header(size=b"\x80" + b"\xff" * 11),
        _header(size=b"99999999999\0"),
        _header(size=b"77777777777\0", kind=b"L"),
        _header(size=b"\xff" * 12, kind=b"x"),
        _header(size=b"00004000001\0", kind=b"x") + bytes(1 << 21),
        _header(size=b"00000000012\0", kind=b"x") + b"99 path=ab".ljust(BLOCK, b"\0"),
        _header(size=b"00000000012\0", kind=b"x") + b"00 path=ab".ljust(BLOCK, b"\0"),
        _header(size=b"00000000012\0", kind=b"x") + b"10 size=-1".ljust(BLOCK, b"\0"),
        _header(size=b"00000000014\0", kind=b"x")
        + b"12 size=-99\n".ljust(BLOCK, b"\0")
        + _header(),
        _header(kind=b"S")[:482] + b"\1" + bytes(29),
    ],
)
def test_hostile_headers_are_refused(data: bytes) -> None:
    with pytest.raises(TarError) as error:
        read_of(bytes(data))
    assert "\n" not in str(error.value)


def test_a_file_without_end_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_headers, "MOST_MEMBERS", 50)
    head = bytes(_header())
    with pytest.raises(TarError, match="more than 50 members"):
        list(members(1 << 40, lambda start, length: head[:length], Passed()))


@settings(max_examples=150)
@given(st.data())
def test_damaged_bytes_end_in_members_or_an_error(data: st.DataObject) -> None:
    whole = bytearray(tar_of({"a.jpg": bytes(600), "é" * 90: b"678", "c.jpg": b"1"}))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_of(bytes(whole))[0]
    except TarError:
        return
    assert all(0 <= m.offset <= m.offset + m.size <= len(whole) for m in found)


def test_tar_of_this_machine(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    file = tmp_path / "x.tar"
    with tarfile.open(file, "w") as tar:
        tar.add(tmp_path / "a", "./a")
        tar.add(tmp_path / "b.jpg", "./b.jpg")
    data = file.read_bytes()
    assert read_of(data)[0] == expected_of(data)
