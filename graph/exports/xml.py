"""The network as GEXF or GraphML, for Gephi, Cytoscape, igraph and networkx.

Both formats hold every label of a picture, its position on the map, and the weight and distance of
each edge. The XML is generated line by line instead of as a tree, so that memory does not grow with
the collection; hence all text is escaped here, and characters that XML 1.0 forbids are replaced by
U+FFFD.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from graph.exports.network import Edge, Network, NetworkPicture, column_names, spread
from imgrec.system.atomic_files import new_file

Lines = Iterator[str]

# Characters that XML 1.0 forbids, even as character references.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Column(NamedTuple):
    """A node attribute.

    Attributes:
        key: id of the attribute within the file.
        title: its name.
        type: `string` or `int`.
        value: returns the value of a picture, None if it has none.
    """

    key: str
    title: str
    type: str
    value: Callable[[NetworkPicture], str | int | None]


def write_gexf(network: Network, path: Path) -> None:
    """Write a GEXF file atomically."""
    _write(path, gexf_lines(network))


def write_graphml(network: Network, path: Path) -> None:
    """Write a GraphML file atomically."""
    _write(path, graphml_lines(network))


def gexf_lines(network: Network) -> Lines:
    """Yield the lines of a GEXF 1.3 document.

    The label of a node is its file name. Its position is that on the map, y up, scaled so that
    nodes of the default size of Gephi hardly overlap.

    Source: the GEXF 1.3 primer, gephi/gexf.
    """
    columns = _columns(network)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">'
    about = _text(network.description())
    yield f"<meta><creator>imgrec</creator><description>{about}</description></meta>"
    yield '<graph mode="static" defaultedgetype="undirected" idtype="integer">'
    yield '<attributes class="node" mode="static">'
    for key, title, kind, _ in columns:
        yield f'<attribute id="{key}" title={_quoted(title)} type="{_GEXF_TYPES[kind]}"/>'
    yield "</attributes>"
    yield '<attributes class="edge" mode="static">'
    yield '<attribute id="distance" title="distance" type="double"/>'
    yield "</attributes>"
    yield "<nodes>"
    unit = spread(len(network.neighbors.ids))
    for block in network.pictures():
        yield from (_gexf_node(picture, columns, unit) for picture in block)
    yield "</nodes>"
    yield "<edges>"
    yield from (_gexf_edge(number, edge) for number, edge in enumerate(network.edges()))
    yield "</edges>"
    yield "</graph>"
    yield "</gexf>"


def graphml_lines(network: Network) -> Lines:
    """Yield the lines of a GraphML document.

    Gephi reads the node attributes `x` and `y` as the position.

    Source: graphml.graphdrawing.org, the primer.
    """
    columns = _columns(network)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    yield f"<desc>{_text(network.description())}</desc>"
    for key, title, kind, _ in columns:
        yield f'<key id="{key}" for="node" attr.name={_quoted(title)} attr.type="{kind}"/>'
    for name in ("x", "y"):
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="double"/>'
    for name in ("weight", "distance"):
        yield f'<key id="{name}" for="edge" attr.name="{name}" attr.type="double"/>'
    yield '<graph id="imgrec" edgedefault="undirected">'
    unit = spread(len(network.neighbors.ids))
    for block in network.pictures():
        yield from (_graphml_node(picture, columns, unit) for picture in block)
    yield from map(_graphml_edge, network.edges())
    yield "</graph>"
    yield "</graphml>"


_GEXF_TYPES = {"string": "string", "int": "integer"}


def _columns(network: Network) -> list[_Column]:
    plain = [
        _Column("path", "path", "string", lambda picture: picture.path),
        _Column("width", "width", "int", lambda picture: picture.width),
        _Column("height", "height", "int", lambda picture: picture.height),
    ]
    labels = [
        _Column(f"label{number}", name, "string", _reader(kind))
        for number, (kind, name) in enumerate(column_names(network.kinds()).items())
    ]
    return plain + labels


def _reader(kind: str) -> Callable[[NetworkPicture], str | None]:
    return lambda picture: picture.labels.get(kind)


def _gexf_node(picture: NetworkPicture, columns: Iterable[_Column], unit: float) -> str:
    values = "".join(
        f'<attvalue for="{column.key}" value={_quoted(value)}/>'
        for column in columns
        if (value := column.value(picture)) is not None
    )
    name = _quoted(PurePosixPath(picture.path).name)
    place = f'<viz:position x="{unit * picture.x:.6g}" y="{unit * picture.y:.6g}"/>'
    return (
        f'<node id="{picture.id}" label={name}><attvalues>{values}</attvalues>{place}</node>'
    )  # fmt: skip


def _gexf_edge(number: int, edge: Edge) -> str:
    return (
        f'<edge id="{number}" source="{edge.source}" target="{edge.target}" '
        f'weight="{edge.weight:.7g}"><attvalues>'
        f'<attvalue for="distance" value="{edge.distance:.7g}"/></attvalues></edge>'
    )


def _graphml_node(picture: NetworkPicture, columns: Iterable[_Column], unit: float) -> str:
    values = "".join(
        f'<data key="{column.key}">{_text(value)}</data>'
        for column in columns
        if (value := column.value(picture)) is not None
    )
    place = (
        f'<data key="x">{unit * picture.x:.6g}</data><data key="y">{unit * picture.y:.6g}</data>'
    )
    return f'<node id="{picture.id}">{values}{place}</node>'


def _graphml_edge(edge: Edge) -> str:
    return (
        f'<edge source="{edge.source}" target="{edge.target}">'
        f'<data key="weight">{edge.weight:.7g}</data>'
        f'<data key="distance">{edge.distance:.7g}</data></edge>'
    )


def _text(value: str | int) -> str:
    # XML parsers normalize a literal carriage return to a line feed; a reference survives.
    return escape(_allowed(value), {"\r": "&#13;"})


def _quoted(value: str | int) -> str:
    return quoteattr(_allowed(value))


def _allowed(value: str | int) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _write(path: Path, lines: Lines) -> None:
    with new_file(path) as file:
        for line in lines:
            file.write(f"{line}\n".encode())
