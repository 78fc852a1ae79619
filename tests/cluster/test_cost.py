"""What work costs, told for a million pictures."""

import numpy as np
import pytest

from imgrec.cluster.cost import Meter, cost_line, per_million
from imgrec.objects.traffic import Traffic
from stub_encoders import SIDE_PX, Queued

_HALF_A_MILLION = {
    "pictures": 500_000.0,
    "cpu_s": 9_000.0,
    "device_s": 1_800.0,
    "reads": 500_500.0,
    "writes": 8_000.0,
    "bytes_read": 14e9,
    "bytes_written": 7.25e9,
}


def test_a_cost_is_told_for_a_million_pictures() -> None:
    assert cost_line(_HALF_A_MILLION) == (
        "cost of a million pictures: 5 core hours, 1 device hours, 28 GB read in 1,001,000 "
        "requests, 14.5 GB written in 16,000 requests"
    )
    assert per_million({**_HALF_A_MILLION, "pictures": 1e6})["cpu_s"] == 9_000


def test_devices_that_were_not_used_are_not_told() -> None:
    assert "device" not in cost_line({**_HALF_A_MILLION, "device_s": 0.0})


def test_a_store_for_which_nothing_was_read_has_no_cost() -> None:
    assert cost_line({}) == cost_line({"pictures": 0.0, "cpu_s": 3.0}) == ""
    assert per_million({}) == {}


def test_a_device_is_held_from_the_first_batch_in_flight_to_the_last_result() -> None:
    now = 0.0

    def clock() -> float:
        return now

    meter = Meter(Traffic(), clock)
    encoder = meter.timed(Queued())
    pixels = np.zeros((1, SIDE_PX, SIDE_PX, 3), np.uint8)
    now = 10
    first = encoder.begin(pixels)
    now = 12  # pictures are decoded meanwhile
    second = encoder.begin(pixels)
    now = 15
    first()
    assert meter.lap()["device_s"] == 5
    now = 16
    second()
    now = 20  # nothing is in flight
    assert meter.lap()["device_s"] == 1
    assert meter.lap()["device_s"] == 0


def test_a_batch_that_fails_holds_no_device_afterwards() -> None:
    now = 0.0

    class Broken(Queued):
        def encode(self, pixels: np.ndarray) -> np.ndarray:
            raise RuntimeError("gone")

    meter = Meter(Traffic(), lambda: now)
    finish = meter.timed(Broken()).begin(np.zeros((1, SIDE_PX, SIDE_PX, 3), np.uint8))
    now = 2
    with pytest.raises(RuntimeError, match="gone"):
        finish()
    now = 9
    assert meter.lap()["device_s"] == 2
