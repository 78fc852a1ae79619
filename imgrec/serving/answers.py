"""What the routes of the service answer: dataclasses that become JSON as they are."""

from dataclasses import dataclass, field
from typing import Any

from imgrec.search.answer import Answer
from imgrec.search.listing import Picture


@dataclass(frozen=True)
class Health:
    """That the server answers.

    Attributes:
        version: of imgrec.
    """

    version: str


@dataclass(frozen=True)
class Found:
    """A part of an answer. As JSON it is the object of `imgrec query --json`, and the cursor.

    Attributes:
        answer: its results are those of this part, with their ranks in the whole.
        cursor: asks for the next part; None at the end.
    """

    answer: Answer
    cursor: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {**self.answer.to_dict(), "cursor": self.cursor}


@dataclass(frozen=True)
class Listed:
    """A part of a list of pictures, by path.

    Attributes:
        images: number of pictures in the whole list.
        pictures: those of this part.
        cursor: asks for the next part; None at the end.
        classes: see `Answer`.
    """

    images: int
    pictures: list[Picture]
    cursor: str | None
    classes: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Thumbnails:
    """The thumbnails of several pictures.

    Attributes:
        jpegs: base64 of the file of each, in the order of the ids; None for a picture without one.
    """

    jpegs: list[str | None]


@dataclass(frozen=True)
class Copies:
    """The pictures of the catalog that have the same content as others.

    Attributes:
        groups: the ascending ids of each content that several have; the first
            `imgrec.serving.service.MOST_COPIES` contents.
    """

    groups: list[list[int]]


@dataclass(frozen=True)
class Histogram:
    """How many pictures lie how far from a question.

    Attributes:
        edges: (b + 1) ascending distances, the borders of the bins.
        counts: (b) pictures in each, of all, estimated where `exact` is False.
        images: number of pictures that pass the filters.
        exact: True if every distance was computed, not those of a sample.
    """

    edges: list[float]
    counts: list[int]
    images: int
    exact: bool


@dataclass(frozen=True)
class FacetValue:
    """A value of a label.

    Attributes:
        value: as `where` takes it: KIND=VALUE.
        count: number of pictures that have it, of those that pass the other filters.
        name: what a person reads, where it differs: the name of a community.
    """

    value: str
    count: int
    name: str = ""


@dataclass(frozen=True)
class Facet:
    """The values of a kind of label, or of metadata, the most frequent first; years by time.

    Attributes:
        kind: as `where` takes it.
        values: at most `imgrec.serving.facets.MOST_VALUES`.
        total: number of values that there are.
    """

    kind: str
    values: list[FacetValue]
    total: int


@dataclass(frozen=True)
class Facets:
    """What the pictures that pass a filter are, by kind.

    Attributes:
        images: number of pictures that pass.
        facets: folder, class, color, community, cluster, collection, taken and others, where a
            picture has any.
    """

    images: int
    facets: list[Facet]


@dataclass(frozen=True)
class Upload:
    """A picture from outside, ready to be asked about.

    Attributes:
        upload: its token.
        width: of the upright original, in pixels.
        height: of the upright original, in pixels.
        format: such as "JPEG".
        warning: what is wrong with the file, "" for a sound one.
        same: the pictures of the catalog that have the same content, all places.
    """

    upload: str
    width: int
    height: int
    format: str
    warning: str = ""
    same: list[Picture] = field(default_factory=list)


@dataclass(frozen=True)
class Facts:
    """All that is known of one picture.

    Attributes:
        picture: as in a list.
        width: of the upright original, in pixels.
        height: of the upright original, in pixels.
        bytes: size of the file.
        format: such as "JPEG".
        copies: the other pictures of the catalog with the same content.
        collections: the names of those that it is in.
    """

    picture: Picture
    width: int
    height: int
    bytes: int
    format: str
    copies: list[Picture] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StoreFacts:
    """What the page needs to know of a store to offer what can be asked.

    Attributes:
        name: of its folder.
        images: number of pictures.
        features: those that can be compared, relations too.
        default: the feature compared where none is named.
        texts: True if the default feature can be asked by words.
        metrics: names of metrics, with a line on each.
        fusions: ways to join several pictures, with a line on each.
        indexes: ways to find the nearest, with a line on each.
        links: what else is served: "site", "report", with their paths on this server.
        exports: absolute path of the folder where collections can be copied to; "" if none was
            named.
        version: of imgrec.
        map: True if the network site has a map.
        projector: True if a logdir was named that was written from the store.
        compared: the features that each metric can compare, by its name.
        store: tells the store from others, whose ids are other pictures, by where it lies.
    """

    name: str
    images: int
    features: list[str]
    default: str
    texts: bool
    metrics: dict[str, str]
    fusions: dict[str, str]
    indexes: dict[str, str]
    links: dict[str, str]
    exports: str
    version: str
    map: bool
    projector: bool
    compared: dict[str, list[str]] = field(default_factory=dict)
    store: str = ""


@dataclass(frozen=True)
class Collection:
    """A named selection of pictures, kept as labels `collection` in the store.

    Attributes:
        name: of it.
        count: number of its pictures.
    """

    name: str
    count: int


@dataclass(frozen=True)
class Copied:
    """What became of the files of a collection in a folder.

    Attributes:
        folder: absolute path.
        written: number of files copied or linked.
        there: number that were there already, with the same content.
        failed: the file and why, of those that could not be.
    """

    folder: str
    written: int
    there: int
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pictures:
    """What is known of pictures that were named.

    Attributes:
        pictures: in the order they were named; without those that are not there any more.
    """

    pictures: list[Picture]


@dataclass(frozen=True)
class Medoids:
    """The few pictures that stand for many.

    Attributes:
        ids: of up to `imgrec.serving.requests.MOST_PICTURES`, that for most pictures first.
    """

    ids: list[int]


@dataclass(frozen=True)
class ProjectorPlace:
    """Where a run of the projector shows a picture.

    Attributes:
        run: its name.
        row: of its table, from 1.
    """

    run: str
    row: int


@dataclass(frozen=True)
class MapFacts:
    """The map of the network site.

    Attributes:
        map: its token; the other routes take it. It changes when the site is written anew.
        facts: what `map.json` of the site says; see `imgrec.maps.format`.
    """

    map: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Painted:
    """How far all pictures of a map are from a question.

    Attributes:
        map: token of the map.
        least: distance of the nearest picture, but for those of the question.
        greatest: distance of the farthest picture, but for those of the question.
        exact: False if distances were estimated.
        distances: a byte for each row of the map, base64: 0 for `least` to 254 for `greatest`; 255
            for what the filters leave out, what lies beyond the limit of distance, and what is not
            in the store any more.
    """

    map: str
    least: float
    greatest: float
    exact: bool
    distances: str
