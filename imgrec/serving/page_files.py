"""The files of the page and of the map in it: HTML, scripts and styles of the package, by name.

The page names them in a folder whose name is a digest of all of them, so that a browser keeps them
and does not ask again: a request for each of some fifty files takes longer than the search. Another
version of imgrec has a folder of another name.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from imgrec.serving.routes import Call, Reply, error_reply

_PAGE = Path(__file__).parent / "page"
_MAP = Path(__file__).parents[1] / "maps" / "client"
_INDEX = "index.html"
# What a name may end in; anything else is no file of the page.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_ASKED_AGAIN = "no-cache"
_KEPT = "max-age=31536000, immutable"


def page_places() -> Mapping[str, Callable[[Call], Reply]]:
    """Return what answers for the page and its files, by template of the path."""
    return {
        "/": lambda _: page(),
        "/page/{version}/{name}": lambda call: page_file(call.path["name"], call.path["version"]),
    }


def page() -> Reply:
    """Return the page, which names its files in the folder of their version."""
    present = _present()
    body = present.bodies[_INDEX].replace(b'"page/', f'"page/{present.version}/'.encode())
    return Reply(body, TYPES[".html"], headers={"Cache-Control": _ASKED_AGAIN})


def page_file(name: str, asked: str) -> Reply:
    """Return a file of the page; 404 if there is none of this name.

    Args:
        name: of the file.
        asked: version of the page that names it. A page that was opened before imgrec changed gets
            the file as it is now, which the browser does not keep.
    """
    present = _present()
    kind, body = TYPES.get(Path(name).suffix), present.bodies.get(name)
    if kind is None or body is None:
        return error_reply(404, "there is no such file")
    kept = _KEPT if asked == present.version else _ASKED_AGAIN
    return Reply(body, kind, headers={"Cache-Control": kept})


def version() -> str:
    """Return a token that changes when any file of the page changes."""
    return _present().version


@dataclass(frozen=True)
class _Files:
    """The files of the page at one time.

    A browser keeps what the folder of a version has for a year: the bytes that are sent are those
    that the version was made of, even while imgrec is being replaced.
    """

    version: str
    bodies: Mapping[str, bytes]


def _present() -> _Files:
    stats = ((path, path.stat()) for path in sorted(_files().values()))
    return _read(tuple((path, found.st_size, found.st_mtime_ns) for path, found in stats))


@lru_cache(maxsize=1)
def _read(files: tuple[tuple[Path, int, int], ...]) -> _Files:
    bodies = {path.name: path.read_bytes() for path, _, _ in files}
    whole = hashlib.blake2b(digest_size=12)
    for name, body in bodies.items():
        whole.update(f"{name} {len(body)}\n".encode() + body)
    return _Files(whole.hexdigest(), bodies)


def _files() -> dict[str, Path]:
    return {path.name: path for path in (*_MAP.glob("map*"), *_PAGE.iterdir()) if path.is_file()}
