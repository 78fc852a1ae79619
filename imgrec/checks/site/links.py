"""Where the addresses of a site lead: to a file in its folder, or why not."""

import os
import posixpath
import re
import urllib.parse
from collections.abc import Set
from typing import NamedTuple

from imgrec.checks.findings import Check, Place, shortened
from imgrec.checks.site.html import Address

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):", re.I)
_IGNORED = re.compile("[\t\n\r]")  # browsers drop them anywhere in an address
_HOST = re.compile("^//[^/]*")
_EDGES = "".join(map(chr, range(33)))  # and these at both ends

_OFFLINE = "the page asks the net and is not whole without it"
_AWAY = "a click leaves the site"
_CODE = "a click runs code that stands in the address"
_LOST = "a click shows that there is no such file"
_BARE = "a part of the page is missing"


class Target(NamedTuple):
    """A file of the site, relative to its folder, and the fragment, "" for none."""

    file: str
    fragment: str


class Stray(NamedTuple):
    """An address that leads to no place in the site: what it does, and what the user sees."""

    problem: str
    effect: str


def resolved(address: Address, page: str) -> Target | Stray | None:
    """Return where an address of a page leads; None for data that stands in it.

    Args:
        address: as written.
        page: relative to the folder of the site.

    Source: the URL standard of WHATWG, as browsers read addresses.
    """
    text = _IGNORED.sub("", address.text.strip(_EDGES))
    scheme = _SCHEME.match(text)
    if scheme:
        return _by_scheme(scheme[1].lower(), address.followed)
    path, _, fragment = text.replace("\\", "/").partition("#")
    path = urllib.parse.unquote(path.partition("?")[0], errors="surrogateescape")
    if path.startswith("//"):
        return Stray("leads to the net", _AWAY if address.followed else _OFFLINE)
    if path.startswith("/"):
        return Stray("leads out of the folder", _elsewhere(address.followed))
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if file == ".." or file.startswith("../"):
        return Stray("leads out of the folder", _elsewhere(address.followed))
    return Target(file, urllib.parse.unquote(fragment))


def picture_file(href: str, folder: str) -> str | Stray:
    """Return the picture file that a page's link leads to.

    Args:
        href: as written: relative, or a `file:` address.
        folder: absolute, that of the page.
    """
    text = _IGNORED.sub("", href.strip(_EDGES))
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() != "file":
        stray = _by_scheme(scheme[1].lower(), followed=True)
        return stray or Stray("is no address of a file", _AWAY)
    path = text.partition("#")[0].partition("?")[0]
    if scheme:
        path = _HOST.sub("", path[len("file:") :])
    elif path.replace("\\", "/").startswith("//"):
        return Stray("leads to the net", _AWAY)
    return os.path.join(folder, urllib.parse.unquote(path, errors="surrogateescape"))


def check_target(place: Place, address: Address, target: Target, files: Set[str]) -> Check[bool]:
    """Return whether the file an address leads to is there."""
    if target.file in files:
        return True
    effect = _LOST if address.followed else _BARE
    yield place.error(f"{quoted(address.text)} leads to {target.file}, which is absent", effect)
    return False


def stray_lines(place: Place, strays: dict[Stray, list[str]]) -> Check[None]:
    """Report addresses that lead to no place in the site, a line for each thing they do."""
    for (problem, effect), addresses in strays.items():
        yield place.error(f"{shortened(dict.fromkeys(addresses))} {problem}", effect)


def quoted(address: str) -> str:
    """Return an address for a line of a report."""
    return shortened([address])


def _by_scheme(scheme: str, followed: bool) -> Stray | None:
    if scheme in ("javascript", "vbscript"):
        return Stray("runs a script", _CODE)
    if scheme == "data" and not followed:
        return None
    if scheme in ("file", "data"):
        return Stray("leads out of the folder", _elsewhere(followed))
    return Stray("leads to the net", _AWAY if followed else _OFFLINE)


def _elsewhere(followed: bool) -> str:
    return _AWAY if followed else "a part of the page is missing once the folder is elsewhere"
