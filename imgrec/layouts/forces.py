"""UMAP's forces between two pictures as tables over the squared distance of their positions.

UMAP wants a pair at distance d to be joined with the weight 1 / (1 + a d^(2b)). The gradient of its
cross entropy moves the first of a joined pair by `attraction(d²)` times the difference of their
positions, and that of a pair drawn at random by `repulsion(d²)` times it:

    attraction(d²) = -2 a b d^(2b - 2) / (1 + a d^(2b))
    repulsion(d²)  =  2 b / ((0.001 + d²) (1 + a d^(2b)))

Powers are slow, so the coefficients are tables. Their index is the exponent of the float32 d² with
the first bits of its mantissa: an equal number of entries for each power of two, each right in its
middle, and less than 1 % off at its ends.

Source: McInnes, Healy, Melville 2018, UMAP, section 3.2; 0.001 as in umap-learn.
"""

import numpy as np
from numpy.typing import NDArray

# The curve whose weights are 1 up to a distance of 0.1 and exp(0.1 - d) beyond, fitted by least
# squares: what umap-learn finds for min_dist = 0.1 and spread = 1.
A, B = 1.5769434603113077, 0.8950608781680347
# Of d²: beyond these powers of two a coefficient stays as it is.
_LOWEST, _HIGHEST = -24, 24
# Entries for each power of two: 2**_BITS.
_BITS = 6
_MANTISSA, _BIAS = 23, 127

# The index of d² is (its bits >> SHIFT) - FIRST, from 0 to LAST.
SHIFT = _MANTISSA - _BITS
FIRST = (_BIAS + _LOWEST) << _BITS
LAST = ((_HIGHEST - _LOWEST) << _BITS) - 1

Coefficients = NDArray[np.float32]


def force_tables() -> tuple[Coefficients, Coefficients]:
    """Return the coefficients (`LAST` + 1,) of attraction, negative, and of repulsion."""
    heads = np.arange(FIRST, FIRST + LAST + 1, dtype=np.uint32)
    middles = (heads << np.uint32(SHIFT)) | np.uint32(1 << (SHIFT - 1))
    squared = middles.view(np.float32).astype(np.float64)
    grown = A * squared**B
    attraction = -2 * B * grown / squared / (1 + grown)
    repulsion = 2 * B / ((0.001 + squared) * (1 + grown))
    return attraction.astype(np.float32), repulsion.astype(np.float32)
