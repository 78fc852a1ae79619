"""Formulas that the families share: signed distances, falloffs, normals and lighting."""

from __future__ import annotations

import numpy as np

from imgrec.samples.palette import Array


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Return 0 below low, 1 above high and a cubic Hermite curve between; low may exceed high."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bell(distance: Array, width: Array | float) -> Array:
    """Return the Gaussian exp(-(distance / width)²)."""
    return np.exp(-np.square(distance / width))


def segment_distance(u: Array, v: Array, end: tuple[float, float]) -> Array:
    """Return the distance of points to the segment from the origin to `end`."""
    eu, ev = end
    along = np.clip((u * eu + v * ev) / (eu * eu + ev * ev), 0, 1)
    return np.hypot(u - along * eu, v - along * ev)


def box_distance(u: Array, v: Array, half_u: float, half_v: float, round_by: float = 0) -> Array:
    """Return the signed distance to an axis-aligned box with rounded corners, at the origin."""
    du = np.abs(u) - (half_u - round_by)
    dv = np.abs(v) - (half_v - round_by)
    outside = np.hypot(np.maximum(du, 0), np.maximum(dv, 0))
    return outside + np.minimum(np.maximum(du, dv), 0) - round_by


def dome(radius: Array) -> Array:
    """Return the height of a unit hemisphere at a distance from its axis; 0 outside."""
    height: Array = np.sqrt(np.maximum(1 - radius * radius, 0))
    return height


def lambert(u: Array, v: Array, w: Array, light: tuple[float, float, float]) -> Array:
    """Return the diffuse (Lambertian) light 0..1 on a surface with unit normal (u, v, w)."""
    lu, lv, lw = np.asarray(light) / np.linalg.norm(light)
    return np.maximum(u * float(lu) + v * float(lv) + w * float(lw), 0)


def relief(height: Array, strength: float) -> Array:
    """Return the shading -1..1 of a height field lit from the upper left."""
    slope = np.zeros_like(height)
    slope[1:, 1:] = height[1:, 1:] - height[:-1, :-1]
    slope[0, 1:], slope[1:, 0] = slope[1, 1:], slope[1:, 1]
    return np.clip(slope * strength, -1, 1)
