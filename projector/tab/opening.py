"""Open a store for the tab in TensorBoard: its service, and the application that answers."""

import atexit
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from imgrec.serving.folders import Folders
from imgrec.serving.guards import Access, Refusal
from imgrec.serving.opening import opened_store
from imgrec.serving.page_files import page, page_places, version
from imgrec.serving.routes import Call, Reply
from imgrec.serving.service import Service
from imgrec.serving.wsgi import FramedPage
from imgrec_tensorboard import module_saying

_FILES = Path(__file__).parent / "page"
_MODULE = "text/javascript; charset=utf-8"
_SCRIPT = "tab.js"


def open_tab(
    store: Path, logdir: Path | None, below: str
) -> Callable[[Mapping[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Return the application of WSGI that shows a store; the store is closed when Python ends.

    Args:
        store: folder of the store.
        logdir: what TensorBoard shows beside it, None for nothing; read only if it was written from
            this store.
        below: path that the application is mounted at.

    Raises:
        StoreError: there is no store at this path, or it is damaged.
    """
    access = Access(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    opened = ExitStack()
    recommender, decoder = opened.enter_context(opened_store(store))
    atexit.register(opened.close)
    folders = Folders(recommender.store.path)
    service = Service(recommender, decoder, lambda: _links(folders, access), logdir=logdir)
    decoder.start()
    return FramedPage(service, access, below, partial(_entry, access), _files(folders))


def _links(folders: Folders, access: Access) -> dict[str, str]:
    """Return what else is served, relative to the page, which lies one folder deeper."""
    return {name: f"..{path}" for name, path in folders.links(access.files).items()}


def _entry(access: Access, refused: Refusal | None) -> Reply:
    """Return the module that opens the page in the frame, or says why it is not opened."""
    if refused is not None:
        text = f"{refused.text[:1].upper()}{refused.text[1:]}."
        return Reply(module_saying(text), _MODULE)
    module = (_FILES / "index.js").read_text("utf-8")
    return Reply(module.replace('"TOKEN"', json.dumps(access.token)).encode(), _MODULE)


def _files(folders: Folders) -> Mapping[str, Callable[[Call], Reply]]:
    """Return what is served beside the routes, by template of the path."""
    return {
        # First: it lies where the files of the page do, whose modules it imports.
        f"/page/{{version}}/{_SCRIPT}": lambda _: Reply((_FILES / _SCRIPT).read_bytes(), _MODULE),
        **page_places(),
        "/": lambda _: _page(),
        "/files/{secret}/{which}/{file:path}": lambda call: folders.reply(
            call.path["which"], call.path["file"]
        ),
    }


def _page() -> Reply:
    """Return the live page, with the script of the tab."""
    found = page()
    script = f'<script type="module" src="page/{version()}/{_SCRIPT}"></script>\n</head>'
    body = found.body.replace(b"</head>", script.encode(), 1)
    return Reply(body, found.content_type)
