"""Random vectors for tests of the query cache, and a check whether a cache keeps them."""

import numpy as np

from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.search.cache import VectorCache

SPEC = EncoderSpec("stub", 8, Preprocessing(32, 32), weights="made up", weights_digest="ab12")


def vector(seed: int, dimensions: int = SPEC.dimensions) -> Vectors:
    return np.random.default_rng(seed).standard_normal((1, dimensions), dtype=np.float32)


def is_kept(cache: VectorCache, content: str, expected: Vectors) -> bool:
    found = cache.get(SPEC, content)
    return found is not None and found.tobytes() == expected.tobytes()


def nothing_is_kept(cache: VectorCache) -> bool:
    cache.put(SPEC, "a", vector(1))
    return cache.get(SPEC, "a") is None and cache.get(SPEC, "b") is None
