"""Pages of a listing of S3 or Google Cloud Storage that hold keys which obstore cannot name.

Both take any text as a key, obstore takes a path. One key with an empty part (`a//b.jpg`), `.` or
`..` as a part, or a control character makes obstore refuse the whole page that names it, and of a
key that begins with a slash it loses the slash. Such a page is asked for here, by the same request
(ListObjectsV2), so that the objects beside such a key are found.

obstore finds the credentials and signs the request. It signs whatever address the name of a bucket
makes, so the query of the request is given as the end of that name. With credentials of Google that
cannot sign, and in Azure, where obstore signs no listing, such a page stays unreadable.

Source: the API references of Amazon S3, ListObjectsV2, and of the XML API of Google Cloud Storage.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from xml.etree import ElementTree

from imgrec.objects.addresses import Address
from imgrec.objects.clients import LOCAL, store_of
from imgrec.objects.errors import MissingObjectError, ObjectError, PassingObjectError
from imgrec.objects.info import ObjectInfo
from imgrec.objects.traffic import Traffic
from imgrec.objects.translation import refused, translated

_TIMEOUT_S = 60
_VALID = timedelta(minutes=10)
# A thousand keys of 1,024 characters, three bytes each as they are quoted.
_MOST_BYTES = 1 << 25
_UNSIGNED = {"s3": "AWS_SKIP_SIGNATURE", "gs": "GOOGLE_SKIP_SIGNATURE"}
_GOOGLE = "https://storage.googleapis.com"
_NOBODY = {"access_key_id": "nobody", "secret_access_key": "nobody"}


class Page(NamedTuple):
    """A page of a listing, its keys relative to an address.

    Attributes:
        objects: those that can be asked for, sorted by key.
        unnamed: keys of the others, without the markers of folders.
        last: the last key, of all that are on the page.
        is_last: True if no page follows.
    """

    objects: list[ObjectInfo]
    unnamed: list[str]
    last: str
    is_last: bool


def is_plain(key: str) -> bool:
    """Return True if obstore can ask for a key: it is a path within a folder."""
    parts = key.split("/")
    return not any(part in ("", ".", "..") for part in parts) and not any(
        character < " " or character == "\x7f" for character in key
    )


def is_pageable(address: Address) -> bool:
    """Return True if pages of an address can be asked for here."""
    if address.scheme not in _UNSIGNED:
        return False
    try:
        _signed(address, "")
    except ObjectError:
        return False
    return True


def any_page(address: Address, prefix: str, after: str, traffic: Traffic) -> Page:
    """Return a page of a listing, whatever its keys.

    Args:
        address: one that `is_pageable`.
        prefix: a folder of keys, such as `blobs/`; "" for all.
        after: the page begins behind this key.
        traffic: counts the request.

    Raises:
        MissingObjectError: there is no such bucket.
        PassingObjectError: the connection was lost, or the server is busy.
        ObjectError: it is refused, or the answer is none of S3.
    """
    top = f"{address.prefix}/" if address.prefix else ""
    inner = prefix.strip("/")
    traffic.read(0)
    found, is_last = _page(address, f"{top}{inner}/" if inner else top, after and top + after)
    relative = [info._replace(key=info.key.removeprefix(top)) for info in found]
    # The marker of a folder is an empty object whose key ends in a slash.
    odd = [i for i in relative if not is_plain(i.key) and (i.size or (i.key and i.key[-1] != "/"))]
    named = [info for info in relative if is_plain(info.key)]
    last = relative[-1].key if relative else after
    return Page(named, [info.key for info in odd], last, is_last)


def loses_slashes(address: Address, traffic: Traffic) -> bool:
    """Return True if an address is a whole bucket with keys that begin with a slash."""
    if address.scheme not in _UNSIGNED or address.prefix:
        return False
    traffic.read(0)
    try:
        return bool(_page(address, "/", "", most=1)[0])
    except ObjectError:
        # The listing itself tells what is wrong.
        return False


def _page(
    address: Address, prefix: str, after: str, most: int = 1000
) -> tuple[list[ObjectInfo], bool]:
    """Return the objects of a page by their whole keys, and whether it is the last one."""
    query = {"list-type": "2", "encoding-type": "url", "max-keys": str(most)}
    query |= {"prefix": prefix} if prefix else {}
    query |= {"start-after": after} if after else {}
    # obstore ends the address with a slash and a name, which become the value of this one.
    text = urlencode({**query, "x-id": ""}, quote_via=quote, safe="")
    where = f"{address.scheme}://{address.bucket}"
    return _parsed(_fetched(_signed(address, text), where), where)


def _signed(address: Address, query: str) -> str:
    """Return the address of a request, with a signature unless the bucket is read without one.

    Raises:
        ObjectError: the credentials cannot sign, or the endpoint is plain HTTP to another machine.
    """
    import obstore

    unsigned = os.environ.get(_UNSIGNED[address.scheme], "").lower() in ("true", "1")
    if unsigned and address.scheme == "gs":
        return f"{_GOOGLE}/{quote(address.bucket, safe='')}?{query}"
    config: Mapping[str, Any] = _NOBODY if unsigned else {}
    asked = Address(address.scheme, f"{address.bucket}?{query}", "")
    store: Any = store_of(asked, config=config)
    with translated(f"{address.scheme}://{address.bucket}"):
        url: str = obstore.sign(store, "GET", "ListObjectsV2", _VALID)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOCAL:
        raise ObjectError(f"{address.scheme}://{address.bucket} is asked by https:// only")
    return url.partition("&X-Amz-")[0] if unsigned else url


class _Refused(HTTPRedirectHandler):
    """Follows no redirection: an answer of another server is none of this bucket."""

    def redirect_request(self, *_: object) -> None:
        return None


def _fetched(url: str, where: str) -> bytes:
    # No error of these holds the address, which has a signature.
    try:
        opener = build_opener(_Refused)
        with opener.open(Request(url, headers={"User-Agent": "imgrec"}), timeout=_TIMEOUT_S) as got:
            data: bytes = got.read(_MOST_BYTES + 1)
    except HTTPError as error:
        error.close()
        raise _error(error.code, where) from None
    except URLError as error:
        raise PassingObjectError(f"{where} cannot be reached ({error.reason})") from None
    except (OSError, HTTPException) as error:
        raise PassingObjectError(f"{where} cannot be reached ({type(error).__name__})") from None
    if len(data) > _MOST_BYTES:
        raise ObjectError(f"{where} answers with more than {_MOST_BYTES:,} bytes")
    return data


def _error(status: int, where: str) -> ObjectError:
    told = f"{where} cannot be listed (status code: {status})"
    if status in (401, 403):
        return refused(where)
    if status == 404:
        return MissingObjectError(f"there is no {where}")
    return PassingObjectError(told) if status == 429 or status >= 500 else ObjectError(told)


def _parsed(data: bytes, where: str) -> tuple[list[ObjectInfo], bool]:
    try:
        answer = ElementTree.fromstring(data)
        for element in answer.iter():
            # Some servers name the namespace and others do not.
            element.tag = element.tag.rpartition("}")[2]
        is_quoted = answer.findtext("EncodingType", "") == "url"
        found = sorted(_objects(answer, is_quoted))
        return found, answer.findtext("IsTruncated", "false") != "true" or not found
    except (ElementTree.ParseError, ValueError) as error:
        raise ObjectError(f"{where} answers with no listing ({error})") from error


def _objects(answer: ElementTree.Element, is_quoted: bool) -> Iterator[ObjectInfo]:
    for one in answer.iter("Contents"):
        key = one.findtext("Key", "")
        time = datetime.fromisoformat(one.findtext("LastModified", ""))
        etag = one.findtext("ETag", "").removeprefix("W/").strip('"')
        yield ObjectInfo(
            unquote_plus(key, errors="strict") if is_quoted else key,
            int(one.findtext("Size", "")),
            int(time.timestamp()) * 10**9,
            f'"{etag}"' if etag else "",
        )
