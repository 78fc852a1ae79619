"""The service by itself: questions, parts of answers, uploads, pictures."""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import Options, Recommender, Store, index_folders
from imgrec.errors import PictureError, WrongValueError
from imgrec.pictures.decoding import decode
from imgrec.serving.errors import (
    BusyError,
    GoneError,
    MediaTypeError,
    NotFoundError,
    RequestError,
    TooLargeError,
)
from imgrec.serving.requests import FacetsRequest, ListRequest, SearchRequest
from imgrec.serving.service import Service
from imgrec.sources import opening
from memory_source import BUCKETS, SCHEME, Bucket, MemorySource
from pictures import encoded, picture, write_pictures
from services import opened_service


@pytest.fixture(scope="module")
def service(photo_store: Path) -> Iterator[Service]:
    with opened_service(photo_store) as opened:
        yield opened


@pytest.fixture
def own(own_store: Path) -> Iterator[Service]:
    with opened_service(own_store) as opened:
        yield opened


def ask(service: Service, **asked: object):
    return service.search(SearchRequest.parse(asked))


def pages(service: Service, k: int, **asked: object) -> list[int]:
    found = ask(service, k=k, **asked)
    ids = [result.id for result in found.answer.results]
    ranks = [result.rank for result in found.answer.results]
    while found.cursor:
        found = ask(service, cursor=found.cursor, k=k)
        ids += [result.id for result in found.answer.results]
        ranks += [result.rank for result in found.answer.results]
    assert ranks == list(range(1, len(ids) + 1))
    return ids


def stripped(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key not in ("elapsed_ms", "cursor")}


@pytest.mark.parametrize(
    "asked",
    [
        {"pictures": [1]},
        {"pictures": [1, 9], "unwanted": [20], "k": 7},
        {"pictures": [3], "metric": "euclidean", "fuse": "max", "k": 24},
        {"pictures": [3, 4], "fuse": "rank", "k": 3},
        {"pictures": [2], "where": ["folder=discs"], "k": 4},
        {"pictures": [2], "metric": "chi2"},
        {"pictures": [2], "metric": "combined", "k": 4},
        {"pictures": [2], "features": {"mini": 1, "rgb": 0.5}},
        {"pictures": [2], "encoder": "rgb", "metric": "pca-cosine"},
    ],
)
def test_an_answer_is_that_of_the_recommender(
    service: Service, photo_store: Path, asked: dict
) -> None:
    images = {key: value for key, value in asked.items() if key != "pictures"}
    with Recommender.open(photo_store) as recommender:
        expected = recommender.query(asked["pictures"], **images).to_dict()
    found = ask(service, **asked).to_dict()
    assert stripped(found) == stripped(expected)
    assert found["results"] and found["elapsed_ms"] > 0


@given(
    k=st.integers(1, 30),
    query=st.integers(1, 24),
    unwanted=st.lists(st.integers(1, 24), max_size=2),
)
def test_pages_are_one_answer(service: Service, k: int, query: int, unwanted: list[int]) -> None:
    whole = service.recommender.query([query], 100, unwanted=unwanted)
    assert pages(service, k, pictures=[query], unwanted=unwanted) == [r.id for r in whole]


@given(k=st.integers(1, 10), limit=st.integers(0, 23))
def test_a_limit_of_distance_cuts_an_answer(service: Service, k: int, limit: int) -> None:
    whole = service.recommender.query([1], 100)
    within = whole[min(limit, len(whole) - 1)].distance
    expected = [r.id for r in whole if r.distance <= within]
    assert pages(service, k, pictures=[1], within=within) == expected


def test_a_cursor_gives_the_same_part_twice(service: Service) -> None:
    first = ask(service, pictures=[1], k=5)
    once, twice = (ask(service, cursor=first.cursor, k=5) for _ in range(2))
    assert stripped(once.to_dict()) == stripped(twice.to_dict())
    assert once.cursor == twice.cursor


@pytest.mark.parametrize("cursor", ["", "x", "x.", "x.y", ".5", "x.-1", "x.٣"])
def test_what_is_no_cursor_is_refused(service: Service, cursor: str) -> None:
    with pytest.raises(RequestError):
        ask(service, cursor=cursor)


def test_a_cursor_that_was_never_given_is_gone(service: Service) -> None:
    with pytest.raises(GoneError, match="ask again"):
        ask(service, cursor="abc.5")


def test_an_order_stays_while_the_store_changes(own: Service, own_store: Path) -> None:
    expected = [r.id for r in own.recommender.query([1], 100)]
    first = ask(own, pictures=[1], k=6)
    with Store.create(own_store) as store, store.catalog.transaction() as db:
        gone = expected[2:12]
        db.executemany("UPDATE images SET status = 'missing' WHERE id = ?", [(i,) for i in gone])
    rest = ask(own, cursor=first.cursor, k=100)
    assert [r.id for r in (*first.answer, *rest.answer)] == expected
    now = [r.id for r in ask(own, pictures=[1], k=100).answer]
    assert now == [i for i in expected if i not in gone]


def test_an_order_of_an_old_state_is_answered_as_deep_as_it_was_searched(
    own: Service, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.serving.service.FIRST", 8)
    old = ask(own, pictures=[1], k=4)
    for number in range(5):
        with Store.create(own_store) as store:
            store.catalog.labels.add("seen", {1: str(number)})
        assert ask(own, pictures=[2], k=4).cursor
    second = ask(own, cursor=old.cursor, k=8)
    assert len(second.answer.results) == 4
    with pytest.raises(GoneError):
        ask(own, cursor=second.cursor, k=4)


def test_old_stores_are_closed(own: Service, own_store: Path, tmp_path: Path) -> None:
    import gc
    import sqlite3

    opened = []
    for number in range(4):
        ask(own, pictures=[1], k=3)
        opened.append(own.recommender.store.catalog.db)
        replacement = tmp_path / f"{number}.sqlite"
        catalog = own.recommender.store.paths.catalog
        source = sqlite3.connect(catalog)
        target = sqlite3.connect(replacement)
        source.backup(target)
        source.close()
        target.close()
        replacement.replace(catalog)
    for number in range(6):
        ask(own, pictures=[1], k=3)
        with Store.create(own_store) as store:
            store.catalog.labels.add("seen", {1: str(number)})
    gc.collect()
    for db in opened[:2]:
        with pytest.raises(sqlite3.ProgrammingError):
            db.execute("SELECT 1")


def test_a_list_is_read_in_parts(service: Service) -> None:
    whole = list(service.recommender.pictures())
    assert len(whole) == 24
    found = service.listed(ListRequest(k=10))
    pictures = list(found.pictures)
    while found.cursor:
        found = service.listed(ListRequest(k=10, cursor=found.cursor))
        pictures += found.pictures
    assert pictures == whole
    assert [one.path for one in whole] == sorted(one.path for one in whole)


def test_facts_of_a_picture(service: Service, photo_store: Path) -> None:
    with Store.open(photo_store) as store:
        entry = store.catalog.find_path("discs/000.jpg")
    facts = service.picture(entry.id)
    assert (facts.width, facts.height, facts.format) == (60, 90, "JPEG")
    assert facts.bytes == Path(facts.picture.file).stat().st_size
    assert facts.picture.path == "discs/000.jpg" and facts.copies == []
    json.dumps(asdict(facts))


@pytest.mark.parametrize("image_id", [0, 25, 10**18])
def test_there_is_no_other_picture(service: Service, image_id: int) -> None:
    for route in (service.picture, service.thumbnail, service.preview, service.original):
        with pytest.raises(NotFoundError):
            route(image_id)
    with pytest.raises(WrongValueError):
        ask(service, pictures=[image_id])


def test_an_original_is_the_file(service: Service, photos: Path) -> None:
    facts = service.picture(1)
    media = service.original(1)
    assert media.data == Path(facts.picture.file).read_bytes()
    assert (media.content_type, media.lasting) == ("image/jpeg", True)


def test_what_is_shown_is_a_picture(service: Service) -> None:
    for media in (service.thumbnail(1), service.preview(1)):
        with Image.open(io.BytesIO(media.data)) as image:
            assert image.size == (60, 90)
            assert Image.MIME[image.format or ""] == media.content_type


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index pictures of formats that browsers show, and others; with copies."""
    folder = tmp_path_factory.mktemp("formats")
    write_pictures(folder / "photos", each=2)
    disc = picture("discs", 50, (300, 200))
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"):
        (folder / "photos" / f"a.{kind.lower()}").write_bytes(encoded(disc, kind))
    (folder / "photos" / "copy.png").write_bytes(encoded(disc, "PNG"))
    index_folders([folder / "photos"], folder / "store", Options(encoders=("mini",), workers=0))
    return folder


def test_originals_go_out_as_pictures_only(odd: Path) -> None:
    types = {}
    with opened_service(odd / "store") as service:
        for one in service.recommender.pictures():
            if one.path.startswith("a."):
                media = service.original(one.id)
                types[one.path[2:]] = media.content_type
                with Image.open(io.BytesIO(media.data)) as image:
                    assert Image.MIME[image.format or ""] == media.content_type
                    assert image.size == (300, 200)
    assert types == {
        "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
        "bmp": "image/bmp", "tiff": "image/webp", "ppm": "image/webp",
    }  # fmt: skip


def test_a_file_that_is_no_picture_any_more_does_not_go_out(odd: Path) -> None:
    file = odd / "photos" / "a.gif"
    before = file.read_bytes()
    with opened_service(odd / "store") as service:
        (known,) = [one.id for one in service.recommender.pictures() if one.path == "a.gif"]
        shown = service.preview(known)
        assert shown.lasting
        try:
            file.write_bytes(b"<html><script>alert(1)</script></html>")
            with pytest.raises(PictureError) as told:
                service.original(known)
            # Its first bytes may be those of a file that a link leads to.
            assert "html" not in str(told.value)
            other = encoded(picture("checks", 3, (40, 40)), "GIF")
            file.write_bytes(other)
            changed = service.original(known)
            assert changed.content_type == "image/webp" and not changed.lasting
            file.unlink()
            with pytest.raises(NotFoundError):
                service.original(known)
        finally:
            file.write_bytes(before)
        # What was made of the known content is kept.
        assert service.preview(known) == shown


def test_pictures_of_a_bucket_go_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(opening.KINDS, SCHEME, MemorySource)  # type: ignore[arg-type]
    monkeypatch.setitem(BUCKETS, "shown", Bucket())
    files = {f"{seed}.jpg": encoded(picture("discs", seed, (80, 60)), "JPEG") for seed in range(3)}
    for name, data in files.items():
        BUCKETS["shown"].put(name, data)
    index_folders([f"{SCHEME}://shown"], tmp_path / "store", Options(("mini",), workers=0))
    with opened_service(tmp_path / "store") as service:
        for one in service.recommender.pictures():
            media = service.original(one.id)
            assert (media.data, media.content_type) == (files[one.path], "image/jpeg")
            box = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
            part = ask(service, pictures=[{"id": one.id, "box": box}], k=3).answer
            assert len(part) == 3 and part.warnings == []
            assert service.preview(one.id).content_type == "image/webp"
        BUCKETS["shown"].objects.clear()
        with pytest.raises(NotFoundError):
            service.original(one.id)


def test_an_upload_is_known_by_its_content(odd: Path) -> None:
    data = (odd / "photos" / "copy.png").read_bytes()
    with opened_service(odd / "store") as service:
        upload = service.upload(data, "image/png")
        assert [one.path for one in upload.same] == ["a.png", "copy.png"]
        assert (upload.width, upload.height, upload.format) == (300, 200, "PNG")
        facts = service.picture(upload.same[0].id)
        assert [one.path for one in facts.copies] == ["copy.png"]
        found = ask(service, pictures=[upload.upload], k=50).answer
        assert upload.same[0].id not in [result.id for result in found]
        shown = service.uploaded(upload.upload)
        with Image.open(io.BytesIO(shown.data)) as image:
            assert (image.format, image.size) == ("WEBP", (300, 200))


@pytest.mark.parametrize("encoder", ["mini", "rgb"])
@pytest.mark.parametrize("size", [(40, 30), (700, 500), (1400, 2100), (3000, 40)])
def test_an_upload_has_the_vectors_of_its_file(
    service: Service, tmp_path: Path, encoder: str, size: tuple[int, int]
) -> None:
    # Distances to every picture are equal in every bit if the vectors are.
    data = encoded(picture("stripes", 77, size), "JPEG", quality=90)
    file = tmp_path / "outside.jpg"
    file.write_bytes(data)
    with Recommender.open(service.recommender.store.path, cache="none") as recommender:
        expected = recommender.query([file], 24, encoder=encoder)
    upload = service.upload(data, "image/jpeg")
    found = ask(service, pictures=[upload.upload], k=24, encoder=encoder).answer
    assert [(r.id, r.distance) for r in found] == [(r.id, r.distance) for r in expected]
    assert upload.same == []


def test_a_box_is_the_part_of_a_picture(service: Service) -> None:
    image = picture("discs", 60, (400, 300))
    image.paste(picture("stripes", 61, (200, 150)), (200, 0))
    upload = service.upload(encoded(image, "PNG"), "image/png")
    box = {"x": 0.5, "y": 0.0, "width": 0.5, "height": 0.5}
    found = ask(service, pictures=[{"upload": upload.upload, "box": box}], k=24).answer
    part = image.crop((200, 0, 400, 150))
    expected = service.recommender.query([part], 24)
    assert [(r.id, r.distance) for r in found] == [(r.id, r.distance) for r in expected]


def test_a_box_of_a_picture_of_the_catalog(own: Service) -> None:
    box = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
    file = Path(own.picture(1).picture.file)
    asked = {"pictures": [{"id": 1, "box": box}], "k": 24}
    found = ask(own, **asked).answer
    image = decode(file.read_bytes()).image
    part = image.crop((15, 22, 45, 68))
    expected = own.recommender.query([part], 24)
    assert [(r.id, r.distance) for r in found] == [(r.id, r.distance) for r in expected]
    assert found.warnings == []


def test_a_box_of_a_picture_whose_file_is_gone_is_of_its_thumbnail(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=2)
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(("mini",), workers=0))
    with opened_service(tmp_path / "store") as service:
        Path(service.picture(1).picture.file).unlink()
        box = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
        found = ask(service, pictures=[{"id": 1, "box": box}], k=3)
        assert "thumbnail, 60 x 90 pixels" in found.answer.warnings[0]
        assert len(found.answer.results) == 3
        following = ask(service, cursor=found.cursor, k=3)
        assert following.answer.warnings == found.answer.warnings
        assert service.preview(1).content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "kind", "error"),
    [
        (b"", "image/png", RequestError),
        (b"words", "image/png", PictureError),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", PictureError),
        (b"words", "text/html", MediaTypeError),
        (b"words", "", MediaTypeError),
        (b"words", "multipart/form-data", MediaTypeError),
        (bytes((64 << 20) + 1), "image/png", TooLargeError),
    ],
)
def test_an_upload_is_refused(
    service: Service, data: bytes, kind: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        service.upload(data, kind)


def test_an_upload_is_gone_when_others_take_its_place(service: Service) -> None:
    first = service.upload(encoded(picture("discs", 1), "PNG"), "image/png").upload
    tokens = {first}
    small = encoded(Image.new("RGB", (2, 2)), "PNG")
    tokens |= {service.upload(small, "application/octet-stream").upload for _ in range(256)}
    assert len(tokens) == 257 and min(map(len, tokens)) >= 20
    with pytest.raises(GoneError):
        service.uploaded(first)
    with pytest.raises(GoneError):
        ask(service, pictures=[first])


def test_a_histogram_counts_every_picture(service: Service) -> None:
    request = SearchRequest.parse({"pictures": [1], "unwanted": [9]})
    found = service.distances(request)
    distances = [r.distance for r in service.recommender.query([1], 100, unwanted=[9])]
    expected, edges = np.histogram(distances, 40, (0, max(distances)))
    assert found.counts == expected.tolist()
    np.testing.assert_allclose(found.edges, edges)
    assert (sum(found.counts), found.images, found.exact) == (22, 24, True)


def test_a_grid_is_a_picture_of_the_answer(service: Service) -> None:
    media = service.grid(SearchRequest.parse({"pictures": [1, 2], "unwanted": [3], "k": 7}))
    with Image.open(io.BytesIO(media.data)) as image:
        assert image.format == media.content_type.split("/")[1].upper() == "PNG"
        # A column of queries, and five of results.
        assert image.width > 6 * 240 and image.height > 3 * 240


def test_a_grid_has_uploads_and_parts_of_them(service: Service) -> None:
    data = encoded(Image.new("RGB", (300, 300), (255, 0, 0)), "PNG")
    token = service.upload(data, "image/png").upload
    box = {"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
    asked = {"pictures": [token, 4], "unwanted": [{"upload": token, "box": box}, 4], "k": 2}
    media = service.grid(SearchRequest.parse(asked))
    with Image.open(io.BytesIO(media.data)) as image:
        # The middles of the first cell of the column and of the third.
        step = 240 + 44 + 16
        column = [image.getpixel((16 + 120, 16 + row * step + 120)) for row in range(4)]
    red = [row for row, pixel in enumerate(column) if pixel[0] > 240 and max(pixel[1:]) < 15]
    assert red == [0, 2]
    answer = ask(service, **asked).answer
    assert token not in json.dumps(answer.to_dict())
    assert answer.queries == ["uploaded picture", "id 4"]
    assert answer.unwanted == ["uploaded picture (part)", "id 4"]


def test_what_can_be_asked(service: Service) -> None:
    facts = service.store()
    assert facts.images == 24 and facts.default == "mini"
    assert facts.compared["cosine"] == facts.features == ["mini", "rgb"]
    assert facts.compared["chi2"] == ["rgb"]


def test_facets_are_counted(service: Service) -> None:
    found = service.facets(FacetsRequest())
    folders = {value.value: value.count for facet in found.facets if facet.kind == "folder"
               for value in facet.values}  # fmt: skip
    assert folders == {"checks": 8, "discs": 8, "stripes": 8} and found.images == 24


def test_busy_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.decoder, "_most", 0)
    with pytest.raises(BusyError):
        service.upload(encoded(picture("discs", 1), "PNG"), "image/png")
