"""A server with several clients while `imgrec index` adds pictures to its store."""

import json
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from imgrec import Store
from pictures import picture, write_pictures
from ports import free_port

_CLIENTS = 16


def test_the_server_answers_many_while_imgrec_index_runs(tmp_path: Path) -> None:
    """Answers grow with the collection, each in the exact order of its pictures; no fault told."""
    folder, path = tmp_path / "photos", tmp_path / "store"
    write_pictures(folder)
    command = [sys.executable, "-m", "imgrec.index", str(folder), "--store", str(path)]
    command += ["--encoder", "mini", "--workers", "0", "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    for number in range(60):
        picture(("stripes", "discs", "checks")[number % 3], 100 + number).save(
            folder / f"new-{number}.png"
        )
    answers: list[list[tuple[int, float]]] = []
    with (tmp_path / "told").open("w") as told:
        serve = [sys.executable, "-W", "error", "-m", "imgrec.serve", "--store", str(path)]
        server = subprocess.Popen(
            [*serve, "--port", str(free_port())], stdout=subprocess.PIPE, stderr=told, text=True
        )
        assert server.stdout is not None
        origin, _, token = server.stdout.readline().strip().partition("/?token=")

        def ask(address: str, value: object) -> Any:
            request = urllib.request.Request(
                f"{origin}{address}",
                json.dumps(value).encode(),
                {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=120) as response:
                return json.load(response)

        def client(number: int, indexing: "subprocess.Popen[bytes]") -> None:
            ended = False
            while not ended:
                ended = indexing.poll() is not None
                found = ask("/api/search", {"pictures": [1], "k": 500, "encoder": "mini"})
                answers.append([(r["id"], r["distance"]) for r in found["results"]])
                ask(f"/api/collections/of-{number}", {"add": [1 + number]})
                ask("/api/facets", {"where": [f"collection=of-{number}"]})

        try:
            with ThreadPoolExecutor(_CLIENTS) as pool:
                indexing = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                list(pool.map(lambda number: client(number, indexing), range(_CLIENTS)))
            assert indexing.returncode == 0
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0
            server.stdout.close()
    said = (tmp_path / "told").read_text().splitlines()
    assert [line for line in said if "press Ctrl-C" not in line] == []
    _check_grown(path, answers)


def _check_grown(path: Path, answers: list[list[tuple[int, float]]]) -> None:
    with Store.open(path) as store:
        feature = store.feature("mini")
        counts = store.catalog.labels.counts("collection")
    assert counts == {f"of-{number}": 1 for number in range(_CLIENTS)}
    vectors = feature.load().astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distance = dict(zip(feature.ids.tolist(), (1 - unit @ unit[0]).tolist(), strict=True))
    assert len(distance) == 84
    sizes = set()
    for answer in answers:
        ids = [image_id for image_id, _ in answer]
        sizes.add(len(ids))
        # Pictures of a state are those up to some id, since they are committed in this order.
        assert len({*ids}) == len(ids)
        told = [d for _, d in answer]
        assert told == sorted(told)
        assert np.allclose(told, [distance[i] for i in ids], atol=1e-5)
        assert {*range(2, 25)} <= {*ids}
    assert 23 in sizes or len(sizes) > 1
    assert max(sizes) == 83
