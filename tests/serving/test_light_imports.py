"""What a search by a picture of the catalog loads: none of the large libraries."""

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import sys
from imgrec.serving.opening import opened_store
from imgrec.serving.requests import FacetsRequest, ListRequest, SearchRequest
from imgrec.serving.service import Service

with opened_store(sys.argv[1]) as (recommender, decoder):
    service = Service(recommender, decoder)
    for _ in range(3):
        found = service.search(SearchRequest.parse({"pictures": [1], "unwanted": [2], "k": 5}))
        assert len(found.answer.results) == 5
    service.facets(FacetsRequest())
    service.listed(ListRequest())
    service.store()
    service.thumbnail(1)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_search_loads_no_large_library(photo_store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(photo_store)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert {"imgrec", "numpy", "PIL"} <= loaded
    large = {"torch", "torchvision", "sklearn", "numba", "scipy", "onnxruntime", "faiss"}
    assert not large & loaded
    assert not {"fastapi", "starlette", "uvicorn"} & loaded
