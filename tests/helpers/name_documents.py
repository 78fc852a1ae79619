"""Many documents for tests of the name search index."""

import numpy as np

from graph.name_search.documents import PictureDocument

CELL = (4, 4, 128, 96)


def picture(i: int, name: str, folder: str = "", category: str = "") -> PictureDocument:
    labels = (("class", category),) if category else ()
    return PictureDocument(i, name, folder, f"community-{i % 7 + 1}", CELL, labels)


def category_of(document: PictureDocument) -> str:
    """Return the class of a picture; "" for none."""
    return dict(document.labels).get("class", "")


def many(count: int) -> list[PictureDocument]:
    """Return pictures with names like those given by cameras, phones, people and programs.

    Two thirds of them have a class.
    """
    rng = np.random.default_rng(0)
    words = ["beach", "dress", "ride", "old", "house", "River", "Été", "夜景", "кот"]
    kinds = (
        lambda: f"IMG_{rng.integers(10_000):04d}.JPG",
        lambda: f"2019{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}_{rng.integers(10**6)}.jpg",
        lambda: f"{rng.choice(words)} {rng.choice(words)}-{rng.integers(300)}.jpeg",
        lambda: "-".join(f"{rng.integers(1 << 16):04x}" for _ in range(4)) + ".png",
    )
    classes = ("golden retriever", "running shoe", "")
    return [
        picture(
            i + 1,
            kinds[rng.integers(4)](),
            f"{2001 + i % 9}/{words[i % 7]} {i % 50}",
            classes[i // 4 % 3],
        )
        for i in range(count)
    ]
