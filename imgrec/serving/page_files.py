"""The files of the page and of the map in it: HTML, scripts and styles of the package, by name."""

import hashlib
from pathlib import Path

from imgrec.serving.routes import Reply, error_reply

_PAGE = Path(__file__).parent / "page"
_MAP = Path(__file__).parents[1] / "maps" / "client"
# What a name may end in; anything else is no file of the page.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def page_file(name: str) -> Reply:
    """Return a file of the page; 404 if there is none of this name."""
    kind = TYPES.get(Path(name).suffix)
    known = {path.name: path for path in (*_MAP.glob("map*"), *_PAGE.iterdir()) if path.is_file()}
    if kind is None or name not in known:
        return error_reply(404, "there is no such file")
    data = known[name].read_bytes()
    # A new version of imgrec has new files under the same names: the browser asks each time.
    tag = hashlib.blake2b(data, digest_size=12).hexdigest()
    return Reply(data, kind, headers={"Cache-Control": "no-cache", "ETag": f'"{tag}"'})
