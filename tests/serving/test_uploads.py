"""Questions by pictures that a client sends, and by parts of pictures."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Options, Recommender, index_folders
from imgrec.errors import PictureError
from imgrec.pictures.decoding import decode
from imgrec.serving.errors import BusyError, GoneError, MediaTypeError, RequestError, TooLargeError
from imgrec.serving.requests import SearchRequest
from imgrec.serving.service import Service
from pictures import encoded, picture, write_pictures
from services import ask, opened_service


def test_an_upload_is_known_by_its_content(formats: Path) -> None:
    data = (formats / "photos" / "copy.png").read_bytes()
    with opened_service(formats / "store") as service:
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


def test_a_box_of_a_picture_of_the_catalog(own_service: Service) -> None:
    box = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
    file = Path(own_service.picture(1).picture.file)
    asked = {"pictures": [{"id": 1, "box": box}], "k": 24}
    found = ask(own_service, **asked).answer
    image = decode(file.read_bytes()).image
    part = image.crop((15, 22, 45, 68))
    expected = own_service.recommender.query([part], 24)
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


def test_busy_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.decoder, "_most", 0)
    with pytest.raises(BusyError):
        service.upload(encoded(picture("discs", 1), "PNG"), "image/png")
