"""The network site and the report of a store, served beside the live page: `/files/SECRET/site/…`.

Both are folders of files that imgrec wrote, but a store and what lies beside it may come from
somebody else, and their pages have scripts. So they are sent with a policy that gives each page an
origin of its own (`imgrec.serving.response_headers`): it has no cookie and reads no answer. Since
the browser then sends no cookie for their pictures either, their path has a secret that only the
live page is told.

Invariant: what goes out is a regular file of the folder, reached through no link, whose path is one
that imgrec writes into such a folder (`OutputFolder.names`), in a type of a fixed table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from imgrec.serving.routes import Reply, error_reply
from imgrec.store.site_link import site_of
from imgrec.store.written_from import is_written_from
from imgrec.system.output_folder import REPORT, SITE, OutputFolder
from imgrec.system.regular_files import read_regular

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".csv": "text/csv; charset=utf-8",
}
_MOST_BYTES = 1 << 30
_NO_FILE = "there is no such file"
# Where `make report` and the examples of the manual write it: beside the store.
_USUAL_REPORT = "report"


@dataclass(frozen=True)
class _Served:
    """A folder that is served, and what imgrec writes into such a folder."""

    path: Path
    kind: OutputFolder


class Folders:
    """The site and the report of a store, by the names that stand for them in paths."""

    def __init__(self, store_path: Path, report: Path | None = None) -> None:
        """Find them.

        Args:
            store_path: of the store.
            report: folder of the report; None to look for one beside the store.
        """
        self._store_path = store_path
        self._report = report
        self._served = self._found()

    def links(self, secret: str) -> dict[str, str]:
        """Return the path of the first page of each that is there now, by name."""
        self._served = self._found()
        return {name: f"/files/{secret}/{name}/index.html" for name in self._served}

    def reply(self, name: str, file: str) -> Reply:
        """Return a file of one of them; 404 if there is none that is served."""
        # By the folder's own name too: the report links to the site beside it.
        own = {one.path.name: one for one in self._served.values()}
        served = self._served.get(name) or own.get(name)
        kind = TYPES.get(PurePosixPath(file).suffix)
        if served is None or kind is None or not re.fullmatch(served.kind.names, file):
            return error_reply(404, _NO_FILE)
        try:
            path = served.path / file
            # Whatever is a link below the folder leads elsewhere.
            if path.resolve(strict=True) != path:
                return error_reply(404, _NO_FILE)
            data = read_regular(path, _MOST_BYTES)
        except (OSError, ValueError):
            return error_reply(404, _NO_FILE)
        return Reply(data, kind, headers={"Cache-Control": "private, no-cache"})

    def _found(self) -> Mapping[str, _Served]:
        store = self._store_path
        report = self._report or store.resolve().parent / _USUAL_REPORT
        named = {"site": (site_of(store), SITE), "report": (report, REPORT)}
        return {
            name: _Served(path.resolve(), kind)
            for name, (path, kind) in named.items()
            if path is not None and is_written_from(store, kind, path)
        }
