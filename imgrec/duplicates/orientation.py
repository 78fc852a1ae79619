"""Turn a comparison of two pictures around: as it is seen from the second one."""

from dataclasses import replace

from imgrec.duplicates.comparison import Box, Comparison

_MIRRORED = 4


def reversed_comparison(comparison: Comparison) -> Comparison:
    """Return the comparison of the second picture with the first.

    A box is turned, not shifted: of pictures of which one is a part of the other it is about there.
    """
    turn = comparison.turn
    box = comparison.box and turned_box(comparison.box, turn)
    return replace(comparison, turn=inverse_turn(turn), box=box)


def inverse_turn(turn: int) -> int:
    """Return the turn that undoes another; one that mirrors undoes itself."""
    return turn if turn >= _MIRRORED else -turn % _MIRRORED


def turned_box(box: Box, turn: int) -> Box:
    """Return a box of a picture as it lies in the turned picture.

    Args:
        box: (left, top, right, bottom) as shares of width and height.
        turn: quarter turns counterclockwise, plus 4 if mirrored left to right before.
    """
    left, top, right, bottom = box
    if turn >= _MIRRORED:
        left, right = 1 - right, 1 - left
    for _ in range(turn % _MIRRORED):
        left, top, right, bottom = top, 1 - right, bottom, 1 - left
    return left, top, right, bottom
