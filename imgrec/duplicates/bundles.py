"""Pictures that are nearly the same, bundled: each is like the best of its bundle.

Likeness is handed on from picture to picture: A is like B and B like C, yet C may be nothing
like A. So a bundle is not all that hangs together. The best picture opens one; whatever is
reached from it over links, and is itself like it, belongs to it. What was reached and is not
opens a bundle of its own in its turn, or stays alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

IsLike = Callable[[int, Sequence[int]], Iterable[bool]]


def bundles(
    best_first: Iterable[int], links: Mapping[int, Collection[int]], is_like: IsLike
) -> list[list[int]]:
    """Return the bundles of two pictures or more, in the order of their best.

    Args:
        best_first: the pictures, the one that is to be kept before another.
        links: of each picture, the others it is like, as far as that was looked at.
        is_like: whether some pictures are like the best of a bundle; asked once for each of
            them and bundle.

    Returns:
        lists of pictures, the best first, the others ascending.
    """
    taken: set[int] = set()
    found = []
    for best in best_first:
        if best not in taken:
            bundle = _bundle(best, links, is_like, taken)
            taken |= bundle
            if len(bundle) > 1:
                found.append([best, *sorted(bundle - {best})])
    return found


def _bundle(
    best: int, links: Mapping[int, Collection[int]], is_like: IsLike, taken: set[int]
) -> set[int]:
    bundle, seen, edge = {best}, {best}, [best]
    while edge:
        reached = sorted({other for one in edge for other in links.get(one, ())} - seen - taken)
        seen.update(reached)
        likes = is_like(best, reached) if reached else ()
        edge = [other for other, like in zip(reached, likes, strict=True) if like]
        bundle.update(edge)
    return bundle


def links_of(pairs: Iterable[Sequence[int]]) -> dict[int, list[int]]:
    """Return of each picture of some pairs the others."""
    links: dict[int, list[int]] = {}
    for one, other in pairs:
        links.setdefault(one, []).append(other)
        links.setdefault(other, []).append(one)
    return links
