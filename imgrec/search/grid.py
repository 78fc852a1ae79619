"""Draw an answer as one picture (`--grid`): queries in the first column, results beside them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, CONFIDENCE
from imgrec.errors import PictureError, StoreError
from imgrec.pictures.decoding import decode
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.search.answer import Answer, Result
from imgrec.search.grid_text import Font, written
from imgrec.sources.opening import picture_at, source_of
from imgrec.store.store import Store
from imgrec.store.thumbnails import DAMAGED

_NONE_GIVEN: Mapping[str, bytes] = {}
_CELL_PX = 240
_CAPTION_PX = 44
_TITLE_PX, _DETAIL_PX, _WORDS_PX = 17, 13, 32
# A third line of the caption.
_NOTE_PX = 18
_GAP_PX = 16
_ANSWERS_A_ROW = 5
_GROUND = (250, 250, 248)
_PAPER = (238, 238, 234)
_RULE = (214, 214, 208)
_DARK = (32, 33, 36)
_QUIET = (110, 112, 116)


@dataclass(frozen=True)
class Cell:
    """A picture of the grid, never cropped, with two lines of caption, or three."""

    image: Image.Image
    title: str
    detail: str
    note: str = ""


def answer_grid(
    store: Store, answer: Answer, given: Mapping[str, bytes] = _NONE_GIVEN
) -> Image.Image:
    """Return the grid of an answer, with the distance below each result.

    Pictures are read from their files, or from the stored thumbnails if a file is gone.

    Args:
        store: of the answer.
        answer: to be drawn.
        given: bytes of the query pictures that come from no path, by name.
    """

    def found(result: Result) -> Image.Image:
        (entry,) = store.catalog.entries([result.id])
        return _stored_image(store, entry)

    names = [*answer.queries, *answer.unwanted]
    return grid_of(answer, [_query_image(store, name, given) for name in names], found)


def grid_of(
    answer: Answer, asked: Sequence[Image.Image], found: Callable[[Result], Image.Image]
) -> Image.Image:
    """Return the grid of an answer.

    Args:
        answer: to be drawn.
        asked: the query pictures and then the unwanted ones.
        found: returns the picture of a result.
    """
    pictures = list(zip(asked, answer.queries, strict=False))
    unwanted_pictures = zip(asked[len(pictures) :], answer.unwanted, strict=True)
    pictures += [(_text_image(text.text), text.text) for text in answer.texts if not text.unwanted]
    queries = [
        Cell(image, f"query {number}" if pictures[1:] else "query", name)
        for number, (image, name) in enumerate(pictures, start=1)
    ]
    queries += [Cell(image, "not like", name) for image, name in unwanted_pictures]
    unwanted = [text.text for text in answer.texts if text.unwanted]
    queries += [Cell(_text_image(text), "not like", text) for text in unwanted]
    answers = [
        Cell(found(result), f"{result.rank}   {_distance(answer, result)}", result.path,
             _class(result))
        for result in answer.results
    ]  # fmt: skip
    return draw_grid(queries, answers)


def _distance(answer: Answer, result: Result) -> str:
    if answer.fuse == "rank":
        return f"mean rank {result.distance:.1f}"
    return f"{answer.metric} {result.distance:.4f}"


def _class(result: Result) -> str:
    """Return the class of a result with its probability: "golden retriever 0.92"; "" for none."""
    if CLASS not in result.labels:
        return ""
    return " ".join(filter(None, map(result.labels.get, (CLASS, CONFIDENCE))))


def draw_grid(queries: Sequence[Cell], answers: Sequence[Cell]) -> Image.Image:
    """Draw the queries down the first column and the answers in rows beside them."""
    rows = max(len(queries), math.ceil(len(answers) / _ANSWERS_A_ROW), 1)
    columns = min(_ANSWERS_A_ROW, len(answers))
    notes_px = _NOTE_PX if any(cell.note for cell in answers) else 0
    step_x, step_y = _CELL_PX + _GAP_PX, _CELL_PX + _CAPTION_PX + notes_px + _GAP_PX
    # The results begin here, right of the rule.
    left = step_x + 2 * _GAP_PX
    size = (left + columns * step_x + _GAP_PX, rows * step_y + _GAP_PX)
    grid = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(grid)
    rule = step_x + _GAP_PX + _GAP_PX // 2
    draw.line([(rule, _GAP_PX), (rule, size[1] - _GAP_PX)], fill=_RULE, width=2)
    for number, cell in enumerate(queries):
        _draw_cell(grid, draw, (_GAP_PX, _GAP_PX + number * step_y), cell)
    for number, cell in enumerate(answers):
        row, column = divmod(number, columns)
        x = left + column * step_x + _GAP_PX // 2
        _draw_cell(grid, draw, (x, _GAP_PX + row * step_y), cell)
    return grid


def _draw_cell(
    grid: Image.Image, draw: ImageDraw.ImageDraw, corner: tuple[int, int], cell: Cell
) -> None:
    x, y = corner
    scale = _CELL_PX / max(cell.image.size)
    size = (max(1, round(cell.image.width * scale)), max(1, round(cell.image.height * scale)))
    picture = cell.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    grid.paste(picture, (x + (_CELL_PX - size[0]) // 2, y + _CELL_PX - size[1]))
    title, font = written(cell.title, _TITLE_PX)
    draw.text((x, y + _CELL_PX + 5), title, _DARK, font)
    detail, font = written(cell.detail, _DETAIL_PX)
    draw.text((x, y + _CELL_PX + 26), _place(detail, font), _QUIET, font)
    if cell.note:
        note, font = written(cell.note, _DETAIL_PX)
        draw.text((x, y + _CELL_PX + 44), _fitted(note, font, _CELL_PX, 5), _QUIET, font)


def _place(path: str, font: Font) -> str:
    """Return the folder and name of a path, shortened to the width of a cell.

    The end of the name is kept, since names often differ only there.
    """
    folder, _, name = path.rpartition("/")
    folder = folder.rpartition("/")[2]
    if folder:
        folder = _fitted(folder, font, _CELL_PX / 3, keep_end=0) + "/"
    return folder + _fitted(name, font, _CELL_PX - font.getlength(folder), keep_end=8)


def _fitted(text: str, font: Font, width_px: float, keep_end: int) -> str:
    """Replace letters before the last `keep_end` by an ellipsis until the text fits."""
    # No letter is narrower than a pixel, and a catalog may have a name of any length.
    most = int(width_px)
    if len(text) <= most and font.getlength(text) <= width_px:
        return text
    head, tail = text[: len(text) - keep_end][:most], text[len(text) - keep_end :]
    while head and font.getlength(f"{head}…{tail}") > width_px:
        head = head[:-1]
    return f"{head}…{tail}"


def _query_image(store: Store, name: str, given: Mapping[str, bytes]) -> Image.Image:
    if name in given:
        return decode(given[name], need_px=_CELL_PX).image
    try:
        source, path = picture_at(name)
        return decode(source.read(path), need_px=_CELL_PX).image
    except PictureError:
        entry = store.catalog.find_path(name)
        if entry is None:
            raise
        return _stored_image(store, entry)


def _text_image(text: str) -> Image.Image:
    """Return a text as a picture, in the middle of a cell."""
    image = Image.new("RGB", (_CELL_PX, _CELL_PX), _PAPER)
    shown, font = written(text, _WORDS_PX)
    line = _fitted(shown, font, _CELL_PX - _GAP_PX, keep_end=0)
    middle = _CELL_PX / 2
    ImageDraw.Draw(image).text((middle, middle), line, _DARK, font, anchor="mm")
    return image


def _stored_image(store: Store, entry: Entry) -> Image.Image:
    try:
        return decode(source_of(entry.root).read(entry.path), need_px=_CELL_PX).image
    except PictureError:
        return _thumbnail(store, entry.id)


def _thumbnail(store: Store, image_id: int) -> Image.Image:
    try:
        return open_thumbnail(store.thumbs().get(image_id)).convert("RGB")
    except DAMAGED as error:
        raise StoreError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run imgrec index again"
        ) from error
