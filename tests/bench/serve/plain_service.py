"""A plain service over the same vectors: faiss' flat index behind Starlette, without guards.

It stands for what one writes in an afternoon, with Flask most often (which is not installed here):
an exact search in float32 vectors, the paths of the pictures in a list.

    python plain_service.py STORE PORT
"""

import sys
from pathlib import Path

import faiss
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from imgrec import Store


def make_app(path: Path) -> Starlette:
    """Return the service of a store whose vectors have unit length."""
    with Store.open(path) as store:
        feature = store.feature()
        ids = feature.ids
        index = faiss.IndexFlatIP(feature.dimensions)
        for _, vectors in feature.slices():
            index.add(np.ascontiguousarray(vectors))
        paths = [entry.path for entry in store.catalog.entries(ids.tolist())]

    def answer(picture: int, k: int) -> list[dict[str, object]]:
        query = index.reconstruct(int(np.searchsorted(ids, picture)))[None]
        scores, rows = index.search(query, k + 1)
        found = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        results = [(int(ids[row]), paths[row], 1 - score) for row, score in found]
        return [
            {"id": i, "path": place, "distance": distance}
            for i, place, distance in results
            if i != picture
        ][:k]

    async def search(request: Request) -> JSONResponse:
        asked = await request.json()
        results = await run_in_threadpool(answer, asked["pictures"][0], asked["k"])
        return JSONResponse({"results": results})

    return Starlette(routes=[Route("/api/search", search, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(make_app(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="warning")
