"""Resolve the URLs of a site to files in its folder, or say what is wrong with them.

A site must work offline, from any folder, opened as `file:`. So each URL is resolved as a browser
does, and anything but a relative path inside the folder is a fault, with one exception: links to
picture files may leave the folder.

Source: the URL standard of WHATWG.
"""

import os
import posixpath
import re
import urllib.parse
from collections.abc import Set
from typing import NamedTuple

from imgrec.checks.findings import Check, Place, shortened
from imgrec.checks.site.html import Address

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.I)
# Browsers remove these characters anywhere in a URL.
_IGNORED = re.compile("[\t\n\r]")
_HOST = re.compile("^//[^/]*")
# Browsers strip these characters from both ends of a URL.
_EDGES = "".join(map(chr, range(33)))

_OFFLINE = "the page is incomplete offline"
_AWAY = "a click leaves the site"
_CODE = "a click runs the code in the URL"
_LOST = 'a click shows a "file not found" page'
_BARE = "a part of the page is missing"


class Target(NamedTuple):
    """A file relative to the site's folder, and the fragment of the URL ("" if none)."""

    file: str
    fragment: str


class Stray(NamedTuple):
    """What is wrong with a URL that leads to no file of the site, and what the user sees."""

    problem: str
    effect: str


def resolved(address: Address, page: str) -> Target | Stray | None:
    """Return the file that a URL leads to, or what is wrong; None for a `data:` URL.

    Args:
        address: the URL as written.
        page: the page's path relative to the site's folder.
    """
    text = _IGNORED.sub("", address.text.strip(_EDGES))
    scheme = _SCHEME.match(text)
    if scheme:
        return _by_scheme(scheme[1].lower(), address.followed)
    path, _, fragment = text.replace("\\", "/").partition("#")
    path = urllib.parse.unquote(path.partition("?")[0], errors="surrogateescape")
    if path.startswith("//"):
        return Stray("leads to the internet", _AWAY if address.followed else _OFFLINE)
    if path.startswith("/"):
        return Stray("leads out of the folder", _elsewhere(address.followed))
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if file == ".." or file.startswith("../"):
        return Stray("leads out of the folder", _elsewhere(address.followed))
    return Target(file, urllib.parse.unquote(fragment))


def picture_file(href: str, folder: str) -> str | Stray:
    """Return the path of the picture file that a link leads to, or what is wrong with the link.

    Args:
        href: as written, a relative path or a `file:` URL.
        folder: the page's folder, absolute.
    """
    text = _IGNORED.sub("", href.strip(_EDGES))
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() != "file":
        stray = _by_scheme(scheme[1].lower(), followed=True)
        return stray or Stray("is not the URL of a file", _AWAY)
    path = text.partition("#")[0].partition("?")[0]
    if scheme:
        path = _HOST.sub("", path[len("file:") :])
    elif path.replace("\\", "/").startswith("//"):
        return Stray("leads to the internet", _AWAY)
    return os.path.join(folder, urllib.parse.unquote(path, errors="surrogateescape"))


def check_target(place: Place, address: Address, target: Target, files: Set[str]) -> Check[bool]:
    """Return True if the file that a URL leads to exists; report it if not."""
    if target.file in files:
        return True
    effect = _LOST if address.followed else _BARE
    yield place.error(f"{quoted(address.text)} leads to {target.file}, which is absent", effect)
    return False


def stray_lines(place: Place, strays: dict[Stray, list[str]]) -> Check[None]:
    """Report URLs that lead to no file of the site, one finding for each fault."""
    for (problem, effect), addresses in strays.items():
        yield place.error(f"{shortened(dict.fromkeys(addresses))} {problem}", effect)


def quoted(address: str) -> str:
    """Return a URL in quotes, shortened for a line of the report."""
    return shortened([address])


def _by_scheme(scheme: str, followed: bool) -> Stray | None:
    if scheme in ("javascript", "vbscript"):
        return Stray("runs a script", _CODE)
    if scheme == "data" and not followed:
        return None
    if scheme in ("file", "data"):
        return Stray("leads out of the folder", _elsewhere(followed))
    return Stray("leads to the internet", _AWAY if followed else _OFFLINE)


def _elsewhere(followed: bool) -> str:
    return _AWAY if followed else "a part of the page is missing when the site is moved"
