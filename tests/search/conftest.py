"""What tests of the query cache share."""

import pytest


@pytest.fixture
def warnings() -> list[str]:
    """Collect the warnings of a cache opened with `warn=warnings.append`."""
    return []
