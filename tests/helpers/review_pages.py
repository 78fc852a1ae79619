"""A folder of pictures with duplicates of every kind, hostile names, and a review made by hand."""

import os
import shutil
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from imgrec import Store, index_folders
from imgrec.collection import Entry
from imgrec.collection.kinds import SIMILAR
from imgrec.duplicates.comparison import Box, Comparison, Difference, Verdict
from imgrec.duplicates.groups import (
    IDENTICAL,
    KEPT,
    LINK,
    LOOK,
    NO,
    SAME,
    YES,
    Duplicates,
    Group,
    Member,
)
from imgrec.duplicates.keep_rules import KeepRules
from imgrec.review.review import Review
from imgrec.review.reviewed import reviewed
from imgrec.samples.render import render_sample
from site_in_browser import HOSTILE
from stores import HERE

BOX: Box = (0.6, 0.1, 0.9, 0.3)


def motif(seed: int = 0, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Return a picture without any symmetry, black in `BOX`."""
    width, height = size
    image = Image.new("RGB", size, (60 + 9 * seed % 100, 120, 200 - 7 * seed % 90))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 3, height // 4), fill=(200, 60, 40))
    draw.ellipse((width // 5, height // 2, width // 2, height - 8), fill=(240, 220, 90))
    draw.rectangle(_pixels(BOX, size), fill=(0, 0, 0))
    return image


def stamped(image: Image.Image) -> Image.Image:
    """Return a picture that is white in `BOX`."""
    copy = image.copy()
    ImageDraw.Draw(copy).rectangle(_pixels(BOX, image.size), fill=(255, 255, 255))
    return copy


def altered(image: Image.Image, turn: int) -> Image.Image:
    """Return a picture turned as `Comparison.turn` says: mirrored, then turned left."""
    if turn >= 4:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.rotate(90 * (turn % 4), expand=True)


def write_duplicates_of_all_kinds(folder: Path) -> None:
    """Write pictures to a folder; `review_of` groups them by the first word of their names."""
    folder.mkdir(parents=True)
    first = motif(1)
    first.save(folder / "resized.png")
    first.resize((160, 120)).save(folder / "resized half.png")
    first.save(folder / "resized again.webp")
    motif(2).save(folder / "stamped.png")
    stamped(motif(2)).save(folder / "stamped part.png")
    for turn in range(1, 8):
        motif(turn + 2).save(folder / f"turned{turn}.png")
        altered(stamped(motif(turn + 2)), turn).save(folder / f"turned{turn} part.png")
    sample = render_sample(2, 1).resize((400, 300))
    sample.save(folder / "cropped.png")
    sample.crop((40, 30, 360, 270)).save(folder / "cropped within.png")
    ImageOps.expand(sample, 40, "white").save(folder / "cropped beyond.png")
    motif(20).save(folder / "linked.png")
    (folder / "linked too.png").hardlink_to(folder / "linked.png")
    motif(21).save(folder / "hostile.png")
    for name in HOSTILE:
        place = folder / "hostile" / os.fsdecode(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "hostile.png", place)


def review_of(store: Store) -> Review:
    """Return a review of such a folder."""
    groups: dict[str, list[Entry]] = {}
    for entry in store.catalog.entries(store.catalog.ids("ok").tolist()):
        word = "hostile" if entry.path.startswith("hostile") else entry.path.split()[0]
        groups.setdefault(word.removesuffix(".png"), []).append(entry)
    found = []
    for entries in groups.values():
        entries.sort(key=lambda entry: (len(entry.path), entry.path))
        first = entries[0]
        members = [Member(first.id, KEPT, YES, first.id, IDENTICAL)]
        found.append(Group((*members, *(_member(entry, first) for entry in entries[1:]))))
    return Review(reviewed(Duplicates(tuple(found)), store.catalog), KeepRules())


def make_review_store(folder: Path) -> Path:
    """Write such a folder and index it; return the store."""
    write_duplicates_of_all_kinds(folder / "photos & <b>")
    index_folders([folder / "photos & <b>"], folder / "store", HERE)
    return folder / "store"


def _member(entry: Entry, first: Entry) -> Member:
    if entry.path.startswith("hostile"):
        return Member(entry.id, "copy", NO, first.id, IDENTICAL)
    if entry.path.startswith("linked"):
        return Member(entry.id, LINK, YES, first.id, IDENTICAL)
    if entry.path.startswith("resized"):
        differences = Difference.RESIZED if "half" in entry.path else Difference.REENCODED
        return Member(entry.id, SAME, NO, first.id, Comparison(Verdict.SAME, 0.9, differences))
    if entry.path.startswith("cropped"):
        flag = Difference.CROPPED if "within" in entry.path else Difference.BORDERED
        return Member(entry.id, SIMILAR, LOOK, entry.id, Comparison(Verdict.SIMILAR, 0.9, flag))
    turn = int(entry.path[6]) if entry.path.startswith("turned") else 0
    differences = Difference.PART | (Difference.TURNED if turn else Difference.NONE)
    comparison = Comparison(Verdict.SIMILAR, 0.8, differences, BOX, turn)
    return Member(entry.id, SIMILAR, LOOK, entry.id, comparison)


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a box of shares in pixels, both ends within it."""
    left, top, right, bottom = (
        round(side * length) for side, length in zip(box, size * 2, strict=True)
    )
    return left, top, right - 1, bottom - 1
