"""A store with its logdir and its network pages, and TensorBoard over them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.pages.site import write_site
from imgrec.store.store import Store
from projector import ProjectorOptions, write_logdir
from tab_server import TabServer, entry_point, ours, tensorboard


@pytest.fixture(scope="module")
def made(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store, its logdir `log` and its site; tests must not change it."""
    folder = tmp_path_factory.mktemp("tab")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_site(store, folder / "site")
        write_logdir(store, folder / "log", options=ProjectorOptions(methods=()))
    entry_point(folder / "installed")
    return folder


@pytest.fixture(scope="module", params=["imgrec tensorboard", "tensorboard"])
def server(request: pytest.FixtureRequest, made: Path) -> Iterator[TabServer]:
    """Serve both: by our command, and by that of TensorBoard."""
    if request.param == "tensorboard":
        named = f"--imgrec_store={made / 'store'}"
        with tensorboard([made / "installed"], made / "log", named) as running:
            yield running
    else:
        with ours(made / "log", "--store", str(made / "store")) as running:
            yield running
