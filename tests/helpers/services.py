"""The service of a store, opened as `imgrec serve` opens it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgrec.serving.opening import opened_store
from imgrec.serving.service import Service


@contextmanager
def opened_service(path: Path, exports: Path | None = None) -> Iterator[Service]:
    """Open the service of a store until the context ends."""
    with opened_store(path) as (recommender, decoder):
        yield Service(recommender, decoder, exports=exports)
