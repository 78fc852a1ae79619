"""What the service sends of a picture: its facts, thumbnail, preview and original."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Options, Store, index_folders
from imgrec.errors import PictureError, WrongValueError
from imgrec.serving.errors import NotFoundError
from imgrec.serving.service import Service
from imgrec.sources import opening
from memory_source import BUCKETS, SCHEME, Bucket, MemorySource
from pictures import encoded, picture
from services import ask, opened_service


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


def test_originals_go_out_as_pictures_only(formats: Path) -> None:
    types = {}
    with opened_service(formats / "store") as service:
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


def test_a_file_that_is_no_picture_any_more_does_not_go_out(formats: Path) -> None:
    file = formats / "photos" / "a.gif"
    before = file.read_bytes()
    with opened_service(formats / "store") as service:
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
