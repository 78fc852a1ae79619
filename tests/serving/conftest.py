"""The service of a store of photos, and its server behind guards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from guarded_server import GuardedServer, guarded
from imgrec import Options, index_folders
from imgrec.serving import guarded as guarded_module
from imgrec.serving import server as server_module
from imgrec.serving.service import Service
from pictures import encoded, picture, write_pictures
from services import opened_service


@pytest.fixture(scope="module")
def service(photo_store: Path) -> Iterator[Service]:
    with opened_service(photo_store) as opened:
        yield opened


@pytest.fixture
def own_service(own_store: Path) -> Iterator[Service]:
    """Open the service of a store that the test may change."""
    with opened_service(own_store) as opened:
        yield opened


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index pictures of formats that browsers show, and others; with copies."""
    folder = tmp_path_factory.mktemp("formats")
    write_pictures(folder / "photos", each=2)
    disc = picture("discs", 50, (300, 200))
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"):
        (folder / "photos" / f"a.{kind.lower()}").write_bytes(encoded(disc, kind))
    (folder / "photos" / "copy.png").write_bytes(encoded(disc, "PNG"))
    index_folders([folder / "photos"], folder / "store", Options(encoders=("mini",), workers=0))
    return folder


@pytest.fixture(scope="module")
def server(photo_store: Path) -> Iterator[GuardedServer]:
    with guarded(photo_store) as running:
        yield running


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch, server: GuardedServer) -> GuardedServer:
    """Return the server with deadlines of tenths of a second."""
    monkeypatch.setattr(server_module, "_HEAD_S", 0.2)
    monkeypatch.setattr(guarded_module, "_READ_S", {"POST": 0.2, "PUT": 0.2})
    return server
