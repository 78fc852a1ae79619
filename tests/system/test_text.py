"""Numbers for people."""

import pytest

from imgrec.system.text import size_text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (27_100, "27.1 kB"), (202_400, "202 kB"),
     (999_000, "999 kB"), (999_600, "1 MB"), (1e6, "1 MB"), (1e9, "1 GB"), (1e12, "1 TB"),
     (1e15, "1e+03 TB")],
)  # fmt: skip
def test_sizes_change_their_unit_at_a_thousand(count: float, text: str) -> None:
    assert size_text(count) == text
