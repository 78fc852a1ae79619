"""The store: one folder with catalog, features, thumbnails and classes, opened together.

Readers need no lock: the catalog is transactional and parts are immutable. A reader sees the
vectors of pictures that are `ok` in the catalog at the moment it opens a feature, and rows of
others are left out, so the catalog decides what exists.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.collection import Catalog
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.sources.rules import Rules
from imgrec.store.classes import Classes, holds_classes, open_classes
from imgrec.store.composition import Composition
from imgrec.store.enclosure import check_enclosed, name_in
from imgrec.store.feature_specs import FeatureSpecs, check_name, likeliest
from imgrec.store.features import FeatureStore, stored_ids
from imgrec.store.manifest import is_store, read_manifest, write_manifest, writing_lock
from imgrec.store.paths import CATALOG, LOCK, StorePaths
from imgrec.store.pulled import elsewhere_of
from imgrec.store.relations import (
    Mean,
    RelatedFeature,
    Relation,
    default_name,
    fit_mean,
    load_mean,
    relation_spec,
)
from imgrec.store.watched import Stamp, WatchedFiles
from imgrec.system.advice import quoted
from imgrec.system.argument_types import PATH, Kind, check_type
from imgrec.system.atomic_files import TEMPORARY_PREFIX, remove_temporaries

if TYPE_CHECKING:
    from imgrec.store.previews import PreviewStore
    from imgrec.store.thumbnails import ThumbStore

_SETTINGS: tuple[str, ...] = (
    *("encoder", "follow_links", "take", "exclude", "include", "previews"),
)


class Store:
    """An open store; a context manager.

    Attributes:
        path: its folder.
        paths: of all files in it.
        catalog: its open catalog.
    """

    def __init__(self, path: Path, catalog: Catalog) -> None:
        self.path = path
        self.paths = StorePaths(path)
        self.catalog = catalog
        self._specs = FeatureSpecs(self.paths)
        self._holds_lock = False

    @classmethod
    def open(cls, path: Path | str) -> "Store":
        """Open a store for reading, also on a read-only disk.

        Raises:
            StoreError: there is none, it is damaged, it has another format version, or it holds
                anything but folders and files (`imgrec.store.enclosure`).
        """
        check_type("path", path, PATH)
        path = Path(path)
        if is_store(path):
            check_enclosed(path)
        read_manifest(path)
        return cls(path, Catalog.open(StorePaths(path).catalog))

    @classmethod
    def create(cls, path: Path | str) -> "Store":
        """Open a store for writing; create it if there is none.

        Raises:
            StoreError: the folder holds something else, a store of another format version, or
                one that holds anything but folders and files.
        """
        check_type("path", path, PATH)
        path = Path(path)
        if is_store(path):
            check_enclosed(path)
            read_manifest(path)
            return cls(path, Catalog.create(StorePaths(path).catalog))
        if path.exists() and (not path.is_dir() or any(map(_is_foreign, path.iterdir()))):
            raise StoreError(f"{path} is no store and not empty: name another place for the store")
        path.mkdir(parents=True, exist_ok=True)
        # What a killed run left behind, most often nothing.
        check_enclosed(path)
        catalog = Catalog.create(StorePaths(path).catalog)
        # Last: a folder with store.json is a whole store.
        write_manifest(path, {})
        return cls(path, catalog)

    def close(self) -> None:
        """Close the catalog."""
        self.catalog.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        from imgrec.store.notebook import store_heading

        return f"<{store_heading(self)}>"

    def _repr_html_(self) -> str:
        from imgrec.store.notebook import store_html

        return store_html(self)

    @property
    def encoder(self) -> str | None:
        """The store's encoder, the first one named at indexing; None before the first run."""
        name: str | None = read_manifest(self.path).get("encoder")
        return name

    def set_encoder(self, name: str) -> None:
        """Make an encoder the store's own.

        Raises:
            StoreError: its name cannot be that of a feature.
        """
        check_name(name)
        self._set(encoder=name)

    @property
    def follows_links(self) -> bool:
        """True if indexing follows symbolic links that lead out of the roots."""
        return bool(read_manifest(self.path).get("follow_links"))

    def set_follow_links(self, follow: bool) -> None:
        """Set whether indexing follows symbolic links that lead out of the roots."""
        self._set(follow_links=follow)

    @property
    def rules(self) -> Rules:
        """Which files below the roots belong to the collection."""
        kept = read_manifest(self.path)
        take, exclude, include = (kept.get(name, ()) for name in ("take", "exclude", "include"))
        return Rules(frozenset(take), tuple(exclude), tuple(include))

    def set_rules(self, rules: Rules) -> None:
        """Set which files below the roots belong to the collection."""
        globs = {"exclude": list(rules.exclude), "include": list(rules.include)}
        self._set(take=sorted(rules.take), **globs)

    @property
    def preview_px(self) -> int:
        """The longer side of the previews that indexing makes, in pixels; 0 if it makes none."""
        return int(read_manifest(self.path).get("previews", 0))

    def set_preview_px(self, side_px: int) -> None:
        """Set the longer side of the previews that indexing makes, in pixels; 0 for none."""
        self._set(previews=side_px or None)

    def _set(self, **settings: object) -> None:
        """Write settings to store.json; an empty list and None are not written."""
        there = read_manifest(self.path)
        before = {key: there[key] for key in _SETTINGS if key in there}
        given = {**before, **settings}.items()
        after = {key: value for key, value in given if value is not None and value != []}
        if after != before:
            write_manifest(self.path, after)

    @property
    def default_feature(self) -> str | None:
        """The feature or relation that is compared where none is named; None before the first run.

        It is the store's encoder, or the relation of this encoder with `mini` (`lite0+mini`).
        """
        return default_name(self.encoder, self.feature_names())

    def feature_names(self) -> list[str]:
        """Return the names of the stored features, sorted.

        Raises:
            StoreError: a folder of a feature stands for no name that imgrec gives.
        """
        return self._specs.names()

    def relation_names(self) -> list[str]:
        """Return the names of the relations of the stored features, sorted."""
        return self._specs.relation_names()

    def spec(self, name: str | None = None) -> EncoderSpec:
        """Return the spec of a feature or relation, by default of `default_feature`.

        Raises:
            StoreError: there is no such feature, or its description is damaged.
        """
        name = name or self.default_feature
        if name is not None and name in self.feature_names():
            return self._specs.stored(name)
        relation = self._specs.relation(name)
        return relation_spec(relation, self._specs.parts(relation), self.mean(relation))

    def mean(self, relation: Relation) -> Mean:
        """Return the mean of a relation, the kept one or, where it lacks, that of the vectors now.

        Raises:
            StoreError: a part is damaged.
        """
        kept = load_mean(self.paths.relation(relation.name), self._specs.parts(relation)[0])
        return kept or fit_mean(self.feature(relation.centered))

    def add_feature(self, spec: EncoderSpec) -> None:
        """Create a feature's folder, or check that the one there is of the same encoder.

        Raises:
            StoreError: it was made by another encoder, other weights or another version, or its
                name cannot be that of a feature.
        """
        self._specs.add(spec)

    def feature(self, name: str | None = None) -> FeatureStore:
        """Open the vectors of the ok pictures, by default those of `default_feature`.

        The vectors of a relation are composed when they are read.

        Raises:
            StoreError: there is no such feature, or a part is damaged.
        """
        name = name or self.default_feature
        if name is None or name not in self.feature_names():
            relation = self._specs.relation(name)
            composition = Composition(self.mean(relation).values, relation.weight)
            first, second = map(self.feature, relation.features)
            return RelatedFeature(relation, composition, first, second)
        dead, last = self.catalog.ids_not_ok(), self.catalog.last_id()
        dimensions = self._specs.stored(name).dimensions
        folder, elsewhere = self.paths.feature(name), elsewhere_of(self.path)
        return FeatureStore.open(folder, dimensions, dead, last, elsewhere)

    def lacking(self, feature: FeatureStore) -> list[str]:
        """Return a line for each feature of a relation that some ok pictures lack; most often none.

        Args:
            feature: of this store, opened; one that is no relation gives no line.
        """
        if not isinstance(feature, RelatedFeature):
            return []
        return feature.lacking(self.catalog.totals.counts().get("ok", 0))

    def state(self) -> tuple[object, ...]:
        """Return a token that changes when the catalog, a feature, a mean or an index changes."""
        return (self.catalog.version(), *self.files_state())

    def files_state(self) -> tuple[Stamp, ...]:
        """Return a token that changes when `store.json`, a feature, a mean or an index changes."""
        return self._watched.state()

    @cached_property
    def _watched(self) -> WatchedFiles:
        return WatchedFiles(self.paths)

    @cached_property
    def absolute(self) -> str:
        """The absolute path of its folder, links resolved, when it was first asked for."""
        return str(self.path.resolve())

    def thumbs(self) -> "ThumbStore":
        """Open the thumbnails.

        Raises:
            StoreError: a part is damaged.
        """
        # Imported here: it imports Pillow, which a search for stored pictures does without.
        from imgrec.store.thumbnails import ThumbStore

        return ThumbStore.open(self.paths.thumbs)

    def previews(self) -> "PreviewStore | None":
        """Open the previews; None if the store has none, or makes none any more.

        Raises:
            StoreError: a part is damaged.
        """
        from imgrec.store.previews import PreviewStore

        opened = PreviewStore.open(self.paths.previews) if self.preview_px else None
        return opened if opened is not None and len(opened.ids) else None

    def class_encoders(self) -> list[str]:
        """Return the names of the encoders whose classes are stored, sorted.

        Raises:
            StoreError: a folder of classes stands for no name that imgrec gives.
        """
        return sorted(map(name_in, filter(holds_classes, self.paths.all_classes.glob("*"))))

    def classes(self, encoder: str | None = None) -> Classes:
        """Return the most probable classes of the ok pictures.

        Args:
            encoder: by default the store's own if it is a classifier, else the
                first classifier by name.

        Raises:
            StoreError: there are none, or a part is damaged.
        """
        known = self.class_encoders()
        name = encoder or (self.encoder if self.encoder in known else next(iter(known), None))
        if name is None or name not in known:
            lacking = (
                f"{self.path} has no classes{f' of {name!r}' if name else ''} (there: "
                f"{', '.join(known) or 'none'})"
            )
            from imgrec.encoders.registry import is_known

            if name and not is_known(name):
                raise StoreError(f"{lacking}: {likeliest(name, known)}")
            raise StoreError(
                f"{lacking}: run imgrec index --store {quoted(self.path)} "
                f"--encoder {name or 'lite0'}, with an encoder that knows classes"
            )
        dead, last = self.catalog.ids_not_ok(), self.catalog.last_id()
        return open_classes(self.paths.classes(name), dead, last)

    def reserve_ids(self) -> None:
        """Reserve the ids of all stored rows, so that a restored catalog never gives them again."""
        folders = [self.paths.thumbs, self.paths.previews]
        folders += map(self.paths.feature, self.feature_names())
        folders += map(self.paths.classes, self.class_encoders())
        stored = [stored_ids(folder) for folder in folders]
        self.catalog.reserve_ids(max((int(ids[-1]) for ids in stored if len(ids)), default=0))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock while a block runs, and first delete what killed runs left.

        Raises:
            StoreError: another process holds it.
        """
        with writing_lock(self.path):
            for folder in _written_folders(self.paths):
                remove_temporaries(folder)
            self._holds_lock = True
            try:
                yield
            finally:
                self._holds_lock = False

    @contextmanager
    def writable(self) -> Iterator["Store"]:
        """Yield this store open for writing, with the lock held.

        Within `writing` it is this very object. Otherwise it is another one with a connection
        of its own, so that a store that was opened for reading can keep labels.

        Raises:
            StoreError: another process holds the lock, or the store is gone.
        """
        if self._holds_lock:
            yield self
            return
        # Fails if the store was deleted meanwhile; `create` would make a new one.
        read_manifest(self.path)
        with Store.create(self.path) as store, store.writing():
            yield store


def _written_folders(paths: StorePaths) -> Iterator[Path]:
    """Yield the folders in which a killed run may have left temporary files."""
    yield from (paths.root, paths.thumbs, paths.previews, paths.all_knn)
    yield from (paths.all_projector, paths.all_relations)
    for folder in (paths.features, paths.all_indexes, paths.all_layouts, paths.all_classes):
        yield from folder.glob("*")


def _is_foreign(path: Path) -> bool:
    """True unless a run that was killed while creating a store may have left this file."""
    return not path.name.startswith((CATALOG, LOCK, TEMPORARY_PREFIX))


def check_store(store: object) -> None:
    """Check that an argument is an open store, not its path.

    Raises:
        WrongTypeError: it is something else.
    """
    check_type("store", store, Kind((Store,), "a Store, as Store.open(path) returns it"))
