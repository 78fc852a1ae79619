"""XMP: properties from a packet of XML that programs write into pictures.

A packet is RDF: descriptions whose properties are attributes or elements, an element holding a text
or a list of texts. Only the wanted properties are returned, as lists of texts. Invariants: document
types and entities are refused, so that a packet cannot grow (billion laughs) or read a file; what
is no XML has no properties; nothing is raised.

Sources: XMP specification part 1 (ISO 16684-1), 7; part 2 of the properties; MWG 2.0 of their
meaning.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

Properties = dict[str, list[str]]

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
}
_WANTED = (
    "dc:title", "dc:description", "dc:subject", "lr:hierarchicalSubject", "xmp:Rating",
    "xmp:CreateDate", "MicrosoftPhoto:Rating", "photoshop:DateCreated", "exif:DateTimeOriginal",
    "exif:DateTimeDigitized", "exif:ExposureTime", "exif:FNumber", "exif:ISOSpeedRatings",
    "exif:FocalLength", "exif:GPSLatitude", "exif:GPSLongitude", "exifEX:PhotographicSensitivity",
    "exifEX:LensModel", "aux:Lens", "tiff:Make", "tiff:Model",
)  # fmt: skip
_NAMES = {
    f"{{{_SPACES[name.partition(':')[0]]}}}{name.partition(':')[2]}": name for name in _WANTED
}
# A packet without any of these has no wanted property: it is not parsed.
_HINT = re.compile("|".join(sorted({name.partition(":")[2] for name in _WANTED})).encode())
# The end of the element that a packet holds; behind it are spaces and a processing instruction.
_ENDS = (b"</x:xmpmeta>", b"</x:xapmeta>", b"</rdf:RDF>")
_MOST_VALUES, _MOST_DESCRIPTIONS = 256, 64


def read_xmp(packet: bytes) -> Properties:
    """Return the wanted properties of a packet: {"dc:subject": ["cat", "garden"]}."""
    is_utf_8 = b"\0" not in packet[:4]
    if is_utf_8 and not _HINT.search(packet):
        return {}
    found: Properties = {}
    root = _parsed(_trimmed(packet) if is_utf_8 else packet)
    for description in _descriptions(root):
        for key, text in description.items():
            _add(found, key, [text])
        for element in description:
            _add(found, element.tag, list(_texts(element)))
    return found


def _trimmed(packet: bytes) -> bytes:
    """Return a packet up to the end of its XML, whose encoding is repaired."""
    for end in _ENDS:
        place = packet.rfind(end)
        if place >= 0:
            packet = packet[: place + len(end)]
            break
    # Some programs write texts in other encodings than the one they declare.
    return packet.strip(b"\0 \r\n\t").decode("utf-8-sig", "replace").encode()


def _parsed(packet: bytes) -> Element | None:
    try:
        root: Element = fromstring(packet, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None
    return root


def _descriptions(root: Element | None) -> list[Element]:
    if root is None:
        return []
    holder = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    return [] if holder is None else holder.findall(f"{_RDF}Description")[:_MOST_DESCRIPTIONS]


def _add(found: Properties, key: str, texts: list[str]) -> None:
    name = _NAMES.get(key)
    if name is not None and texts:
        found.setdefault(name, texts)


def _texts(element: Element) -> Iterator[str]:
    """Yield the texts of a property: its own, or those of its list, the default language first."""
    if len(element) == 0:
        if element.text and element.text.strip():
            yield element.text
        return
    listed = [item for group in element for item in group if item.tag == f"{_RDF}li"]
    listed.sort(key=lambda item: item.get(_LANGUAGE, "x-default") != "x-default")
    for item in listed[:_MOST_VALUES]:
        if item.text and item.text.strip():
            yield item.text
