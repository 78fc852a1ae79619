"""`lite0` in integers: exact sums, rounded to the nearest level, and run as integers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from scipy import stats

from golden import golden_pixels
from imgrec.encoders.lite0.cached import cached_weights
from imgrec.encoders.lite0.encoder import Lite0
from imgrec.encoders.lite0.int8_graph import int8_model
from imgrec.encoders.lite0.quantization import (
    PIXELS,
    IntegerLayer,
    Levels,
    clipped_mean,
    quantized,
    quantized_filters,
)
from imgrec.encoders.onnx_session import onnx_runtime


@pytest.fixture(scope="module")
def parts() -> list[IntegerLayer]:
    return quantized(cached_weights())


def test_no_sum_of_two_products_leaves_16_bits(parts: list[IntegerLayer]) -> None:
    # So are sums exact on processors that add pairs of products in 16 bits.
    for part in parts:
        rows = part.filters.reshape(len(part.filters), -1).astype(int)
        if not part.layer.depthwise:
            for sign in (1, -1):
                largest = np.sort(np.maximum(sign * rows, 0), axis=1)[:, -2:].sum(axis=1)
                assert 255 * largest.max() < 2**15
        # With the bias, whatever the input.
        most = 255 * np.abs(rows).sum(axis=1) + np.abs(part.bias.astype(np.int64))
        assert most.max() < 2**31


def test_filters_are_rounded_to_the_nearest_level() -> None:
    rng = np.random.default_rng(0)
    filters = rng.normal(size=(7, 5, 3, 3)) * rng.uniform(0.001, 10, (7, 1, 1, 1))
    filters[3] = 0
    for depthwise in (False, True):
        found, scales = quantized_filters(filters, np.zeros(7), depthwise=depthwise)
        error = np.abs(found * scales[:, None, None, None] - filters)
        assert (error <= scales[:, None, None, None] * 0.5001).all()
        assert np.abs(found).max() <= 127
    assert np.abs(found).max() == 127
    assert not found[3].any()


def test_levels_hold_zero_exactly_and_both_ends_nearly() -> None:
    for least, most in ((-3.0, 5.0), (0.5, 2.0), (-4.0, -1.0)):
        levels = Levels.between(least, most)
        assert 0 <= levels.zero <= 255
        assert levels.scale * (0 - levels.zero) <= least + levels.scale
        assert levels.scale * (255 - levels.zero) >= most - levels.scale
    assert PIXELS.scale * (200 - PIXELS.zero) == (200 - 127) / 128


def test_the_mean_of_a_clipped_normal_distribution() -> None:
    means, deviations = np.array([0.0, -1.0, 5.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0, 0.0, 0.5])
    x = np.linspace(0.0005, 0.9995, 1000)
    for i, found in enumerate(clipped_mean(means, deviations)):
        quantiles = stats.norm.ppf(x, means[i], max(deviations[i], 1e-12))
        assert found == pytest.approx(np.clip(quantiles, 0, 6).mean(), abs=0.01)


def test_the_bias_takes_back_the_shift_of_rounded_filters(parts: list[IntegerLayer]) -> None:
    weights = cached_weights()
    levels, means = PIXELS, np.zeros(3)
    for part in parts[:2]:
        name = part.layer.conv
        real = weights[f"{name}.weight"].astype(float)
        rounded = part.filters * part.scales.astype(float)[:, None, None, None]
        each = (rounded - real).sum(axis=(2, 3))
        shift = each[:, 0] * means if part.layer.depthwise else each @ means
        unit = levels.scale * part.scales.astype(float)
        wanted = weights[f"{name}.bias"].astype(float)
        assert np.abs(part.bias * unit + shift - wanted).max() <= 0.5001 * unit.max()
        levels = part.levels
        means = clipped_mean(weights[f"{name}.mean"], weights[f"{name}.deviation"])
    assert np.abs(shift).max() > 0.001


def test_the_session_computes_what_integers_of_any_size_would(parts: list[IntegerLayer]) -> None:
    pixels = golden_pixels(224)[3]
    found = Lite0("int8").encode(pixels[None])[0]
    assert np.array_equal(found, _vector(pixels, parts))


def test_every_convolution_runs_in_integers(tmp_path: Path) -> None:
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(
        int8_model(cached_weights()), options, providers=["CPUExecutionProvider"]
    )
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node]
    assert kinds.count("QLinearConv") == 49
    assert kinds.count("QLinearAdd") == 9
    # Two of these would be a detour through real numbers between two convolutions.
    assert kinds.count("DequantizeLinear") == 1
    assert not {"QuantizeLinear", "Conv"} & {*kinds}


def _vector(pixels: np.ndarray, parts: list[IntegerLayer]) -> np.ndarray:
    """Return the vector by sums in double precision, which holds these integers exactly."""
    levels, before = pixels.transpose(2, 0, 1).astype(float), PIXELS
    skipped: tuple[np.ndarray, Levels] | None = None
    for part in parts:
        if part.layer.begins:
            skipped = levels, before
        sums = _sums(levels - before.zero, part) + part.bias[:, None, None]
        # In single precision, as the processor multiplies.
        scales = np.float32(before.scale) * part.scales / np.float32(part.levels.scale)
        scaled = sums.astype(np.float32) * scales[:, None, None]
        levels, before = np.clip(np.rint(scaled) + part.levels.zero, 0, 255), part.levels
        if part.total is not None:
            assert skipped is not None
            real = before.scale * (levels - before.zero)
            real = real + skipped[1].scale * (skipped[0] - skipped[1].zero)
            levels = np.clip(np.rint(real / part.total.scale) + part.total.zero, 0, 255)
            before = part.total
    factor = np.float32(before.scale / (levels.shape[1] * levels.shape[2]))
    return levels.sum(axis=(1, 2)).astype(np.float32) * factor


def _sums(values: np.ndarray, part: IntegerLayer) -> np.ndarray:
    layer, filters = part.layer, part.filters.astype(float)
    before, after = layer.pads
    padded = np.pad(values, ((0, 0), (before, after), (before, after)))
    side = values.shape[1] // layer.stride
    total = np.zeros((layer.outputs, side, side))
    for y in range(layer.kernel):
        for x in range(layer.kernel):
            ends = [start + layer.stride * (side - 1) + 1 for start in (y, x)]
            seen = padded[:, y : ends[0] : layer.stride, x : ends[1] : layer.stride]
            tap = filters[:, :, y, x]
            total += seen * tap[:, :, None] if layer.depthwise else np.tensordot(tap, seen, 1)
    return total
