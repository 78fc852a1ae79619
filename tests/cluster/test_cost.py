"""What work costs, told for a million pictures."""

from imgrec.cluster.cost import cost_line, per_million

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
