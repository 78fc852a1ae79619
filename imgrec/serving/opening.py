"""Open a store for a `Service`: what compares, and what decodes in worker processes.

Apart from the service, whose imports take longer: a server can listen before it has them.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imgrec.search.recommender import Recommender
from imgrec.serving.decoder import GuardedDecoder


@contextmanager
def opened_store(
    path: Path | str,
    weights: Path | str | None = None,
    device: str = "auto",
    cache: str | None = None,
) -> Iterator[tuple[Recommender, GuardedDecoder]]:
    """Open a store; close it and end the processes of its decoder after the block.

    Args:
        path: the store's folder.
        weights: as of `Recommender.open`, like the others.
        device: where pictures from outside are encoded.
        cache: where their vectors are cached.

    Raises:
        StoreError: there is no store at this path, or it is damaged.
        ImgrecError: there is no file of weights, no such device, or no folder for the cache.
    """
    with closing(GuardedDecoder()) as decoder:
        opened = Recommender.open(path, weights, device, cache, decoder=decoder.decode)
        with opened as recommender:
            yield recommender, decoder
