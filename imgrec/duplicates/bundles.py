"""Bundle near-duplicates: every member of a bundle is similar to its best picture.

Similarity is not transitive: A may be similar to B and B to C, but C not to A (frames of a film).
So a bundle is not a connected component. The best picture opens a bundle; a picture that is
reachable from it over links joins only if it is itself similar to the best one. Pictures that were
reached and rejected open bundles of their own later, or stay alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

IsLike = Callable[[int, Sequence[int]], Iterable[bool]]


def bundles(
    best_first: Iterable[int], links: Mapping[int, Collection[int]], is_like: IsLike
) -> list[list[int]]:
    """Return the bundles of two pictures or more, in the order of their best pictures.

    Args:
        best_first: pictures in the order of preference, the one to keep first.
        links: for each picture, the pictures known to be similar to it.
        is_like: returns for a best picture and others which of these are similar to it; called
            at most once for each pair.

    Returns:
        Lists of pictures: the best one, then the others in ascending order.
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
    """Return the adjacency lists of a set of pairs."""
    links: dict[int, list[int]] = {}
    for one, other in pairs:
        links.setdefault(one, []).append(other)
        links.setdefault(other, []).append(one)
    return links
