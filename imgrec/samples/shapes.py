"""Distances, falloffs and light: the small formulas that the families share."""

from __future__ import annotations

import numpy as np

from imgrec.samples.palette import Array


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Return 0 below low, 1 above high and an S-curve between; low may exceed high."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bell(distance: Array, width: Array | float) -> Array:
    """Return exp(-(distance / width)²)."""
    return np.exp(-np.square(distance / width))


def segment_distance(u: Array, v: Array, end: tuple[float, float]) -> Array:
    """Return the distance of points to the segment from the origin to `end`."""
    eu, ev = end
    along = np.clip((u * eu + v * ev) / (eu * eu + ev * ev), 0, 1)
    return np.hypot(u - along * eu, v - along * ev)


def box_distance(u: Array, v: Array, half_u: float, half_v: float, round_by: float = 0) -> Array:
    """Return the signed distance to an upright box with rounded corners, centered at the origin."""
    du = np.abs(u) - (half_u - round_by)
    dv = np.abs(v) - (half_v - round_by)
    outside = np.hypot(np.maximum(du, 0), np.maximum(dv, 0))
    return outside + np.minimum(np.maximum(du, dv), 0) - round_by


def dome(radius: Array) -> Array:
    """Return the height of the unit sphere over points at this distance from its axis."""
    height: Array = np.sqrt(np.maximum(1 - radius * radius, 0))
    return height


def lambert(u: Array, v: Array, w: Array, light: tuple[float, float, float]) -> Array:
    """Return the light 0..1 on a surface with the unit normal (u, v, w)."""
    lu, lv, lw = np.asarray(light) / np.linalg.norm(light)
    return np.maximum(u * float(lu) + v * float(lv) + w * float(lw), 0)


def relief(height: Array, strength: float) -> Array:
    """Return light on a height field from the upper left, about -1..1."""
    slope = np.zeros_like(height)
    slope[1:, 1:] = height[1:, 1:] - height[:-1, :-1]
    slope[0, 1:], slope[1:, 0] = slope[1, 1:], slope[1:, 1]
    return np.clip(slope * strength, -1, 1)
