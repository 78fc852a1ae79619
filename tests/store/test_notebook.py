"""What a prompt and a notebook show of a store, a recommender, an answer and a list."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgrec import Recommender, Store
from imgrec.search.answer import Answer, Result
from imgrec.store import notebook
from imgrec.store.notebook import MOST_SHOWN, Cell, pictures_html

ASKED = "discs/000.jpg"


def _images(html: str) -> list[str]:
    return re.findall(r'<img src="data:image/jpeg;base64,([^"]+)"', html)


def test_an_answer_is_a_sequence_of_its_results(photo_store: Path) -> None:
    with Recommender.open(photo_store) as recommender:
        answer = recommender.query(ASKED, k=3)
    assert len(answer) == 3
    assert list(answer) == answer.results
    assert (answer[0], answer[-1]) == (answer.results[0], answer.results[-1])
    first, *lines = repr(answer).splitlines()
    assert first == f"<Answer: 3 of 24 pictures, mini, cosine; like {ASKED}>"
    assert [line.split()[2] for line in lines] == [result.path for result in answer]
    assert answer.store == str(photo_store.resolve())


def test_a_long_answer_is_shortened_at_the_prompt(photo_store: Path) -> None:
    with Recommender.open(photo_store) as recommender:
        lines = repr(recommender.query(ASKED, k=20)).splitlines()
        assert len(lines) == 12
        assert lines[-1] == "… and 10 more"
        listed = repr(recommender.pictures()).splitlines()
    assert (listed[0], len(listed), listed[-1]) == ("<Listing: 24 pictures>", 12, "… and 14 more")


def test_an_answer_shows_the_thumbnails_of_its_results_also_of_a_closed_store(
    photo_store: Path,
) -> None:
    with Recommender.open(photo_store) as recommender:
        answer = recommender.query(ASKED, k=3)
        thumbs = recommender.store.thumbs()
        expected = [thumbs.get(result.id) for result in answer]
        listed = recommender.pictures(under="discs", k=2)._repr_html_()
    html = answer._repr_html_()
    assert [base64.b64decode(image) for image in _images(html)] == expected
    assert all(Image.open(io.BytesIO(jpeg)).format == "JPEG" for jpeg in expected)
    assert all(result.path in html and f"{result.distance:.4f}" in html for result in answer)
    assert len(_images(listed)) == 2


@pytest.mark.parametrize("closed", [False, True])
def test_a_store_and_a_recommender_say_what_they_are(photo_store: Path, closed: bool) -> None:
    recommender = Recommender.open(photo_store)
    store = recommender.store
    if closed:
        recommender.close()
    told = f"Store {photo_store}: {'closed' if closed else '24 pictures, compared by mini'}"
    assert repr(store) == f"<{told}>"
    assert told in repr(recommender)
    for shown in (store, recommender):
        html = shown._repr_html_()
        assert told in html
        assert len(_images(html)) == (0 if closed else 12)
    recommender.close()


def test_an_empty_store_is_shown(tmp_path: Path) -> None:
    with Store.create(tmp_path / "store") as store:
        assert repr(store).endswith("0 pictures, compared by nothing yet>")
        assert _images(store._repr_html_()) == []


HOSTILE = '"><script>alert(1)<x>\x1b[31m&.jpg'


def test_names_are_escaped_and_one_line() -> None:
    html = pictures_html("", HOSTILE, [Cell(1, f"a/{HOSTILE}", [HOSTILE])])
    assert "<script" not in html
    assert "\x1b" not in html
    assert html.count("&lt;script&gt;") == 4
    assert "&quot;&gt;" in html
    values: dict[str, Any] = {"labels": {"class": HOSTILE}, "per_query": [], "per_unwanted": []}
    result = Result(1, 7, HOSTILE, HOSTILE, 0.5, 0.5, **values)
    answer = Answer([HOSTILE], [], [], "mini", "cosine", "mean", 1, 9, "exact", True, 1.0, [result])
    assert "<script" not in answer._repr_html_()
    assert "\x1b" not in repr(answer)


class _Thumbs:
    """Thumbnails by id."""

    def __init__(self, *jpegs: bytes) -> None:
        self.jpegs = jpegs

    def get(self, image_id: int) -> bytes:
        return self.jpegs[image_id]


def _jpeg(side: int, tail: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side)).save(buffer, "JPEG")
    return buffer.getvalue() + tail


def test_only_sound_small_thumbnails_are_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    good, full = _jpeg(8), _jpeg(8)
    full += bytes((1 << 16) - len(full))
    thumbs = _Thumbs(good, b"", b"<svg onload=alert(1)>", png.getvalue(), full, full + b"\0",
                     _jpeg(1025))  # fmt: skip
    monkeypatch.setattr(notebook, "_thumbs", lambda store: thumbs)
    html = pictures_html("store", "", [Cell(i, f"{i}.jpg") for i in range(len(thumbs.jpegs))])
    assert [base64.b64decode(image) for image in _images(html)] == [good, full]
    assert html.count("no thumbnail") == 5


def test_pictures_beyond_the_limit_are_counted() -> None:
    cells = [Cell(i, f"{i}.jpg") for i in range(MOST_SHOWN + 1)]
    assert pictures_html("", "", cells).count("<figure") == MOST_SHOWN
    assert "and 1 more" in pictures_html("", "", cells)
    assert "more</div>" not in pictures_html("", "", cells[:-1])
    assert "and 8 more" in pictures_html("", "", cells, more=7)


def test_a_store_that_is_gone_is_shown_without_thumbnails(tmp_path: Path) -> None:
    html = pictures_html(tmp_path / "gone", "head", [Cell(1, "a.jpg")])
    assert (len(_images(html)), html.count("no thumbnail")) == (0, 1)
