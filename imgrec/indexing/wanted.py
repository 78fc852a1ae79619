"""Decide what a run is about: which folders and files of them, which encoders, what of links.

Everything that the arguments leave open is taken from the store, which is open already; a new
store gets the defaults. Nothing is written here, so that a mistake in the arguments changes
nothing on the disk.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.encoders import load_encoder, needs_weights
from imgrec.encoders.accelerators import check_device
from imgrec.encoders.registry import check_known
from imgrec.encoders.spec import Encoder, EncoderSpec
from imgrec.errors import ImgrecError
from imgrec.indexing.foreign import read_vector_files, unless_foreign
from imgrec.indexing.options import DEFAULT_ENCODERS, IndexOptions
from imgrec.indexing.vector_file import VectorFile
from imgrec.sources.opening import real_places, source_at, source_of
from imgrec.sources.rules import Rules
from imgrec.sources.source import PictureSource
from imgrec.store.relations import is_joined_by_default
from imgrec.store.store import Store


@dataclass(frozen=True)
class Wanted:
    """What a run is about.

    Attributes:
        sources: of the pictures.
        encoders: by name, `rgb` always among them.
        primary: the feature that is meant when none is named.
        vectors: files of vectors that were made elsewhere, checked.
        follow_links: whether what links lead to outside the roots belongs to the collection.
        rules: which files below the roots belong to it.
        preview_px: longer side of the previews in pixels; 0 for none.
    """

    sources: tuple[PictureSource, ...]
    encoders: dict[str, Encoder]
    primary: str
    vectors: tuple[VectorFile, ...]
    follow_links: bool
    rules: Rules
    preview_px: int = 0


def decide(
    store: Store | None, path: Path, folders: Sequence[Path | str], options: IndexOptions
) -> Wanted:
    """Return what a run is about, its encoders loaded.

    Args:
        store: open, None where there is none yet.
        path: of the store, for messages.
        folders: of pictures; none for those of the store.
        options: of the run.

    Raises:
        ImgrecError: a folder is absent or holds no picture, none is known, an encoder cannot be
            loaded, or a file of vectors is wrong.
    """
    follow_links = bool(
        store.follows_links if store and options.follow_links is None else options.follow_links
    )
    rules = _rules(store, options)
    sources = _named(folders, follow_links, rules) or _known(store, path)
    vectors = read_vector_files(store, options.vectors)
    encoders, primary = _encoders(store, sources, options)
    kept_px = store.preview_px if store else 0
    preview_px = kept_px if options.previews is None else options.previews
    return Wanted(tuple(sources), encoders, primary, vectors, follow_links, rules, preview_px)


def _rules(store: Store | None, options: IndexOptions) -> Rules:
    """Return the rules of the store, but for what the run forgets, and those of the run.

    Raises:
        ImgrecError: the store has more globs then than rules may have.
    """
    kept = store.rules if store else Rules()
    take = options.take if "take" in options.forget else (*kept.take, *options.take)
    globs = [
        dict.fromkeys((*(() if name in options.forget else before), *new))
        for name, before, new in (
            ("exclude", kept.exclude, options.exclude),
            ("include", kept.include, options.include),
        )
    ]
    try:
        return Rules(frozenset(take), *map(tuple, globs))
    except ValueError as error:
        raise ImgrecError(f"{error}; --no-exclude and --no-include forget those before") from error


def _named(folders: Sequence[Path | str], follow_links: bool, rules: Rules) -> list[PictureSource]:
    """Return the folders named, each of which holds a picture."""
    if any(not str(folder) for folder in folders):
        raise ImgrecError("a folder's name is empty: name the picture folder")
    sources = [source_at(folder) for folder in dict.fromkeys(folders)]
    for source in sources:
        source.check(real_places(sources) if follow_links else None, rules)
    return sources


def _known(store: Store | None, path: Path) -> list[PictureSource]:
    if store is None:
        raise ImgrecError(f"no store at {path} and no folder named: name the picture folder")
    known = [source_of(root) for root in _roots_looked_at(store)]
    if not known:
        raise ImgrecError(f"{path} knows no folder of pictures yet: name one")
    return known


def _roots_looked_at(store: Store) -> list[str]:
    """Return the roots that hold pictures, and those of which rules alone left all out.

    Forgetting the rules brings the latter back. A root that `only` left has pictures that no rule
    leaves out: it stays away until it is named.
    """
    held = set(store.catalog.held_roots())
    away = set(store.catalog.left_out_roots()) - held
    if away:
        rules = store.rules
        rows = store.catalog.entries_with("left-out")
        away -= {row.root for row in rows if row.root in away and not rules.reason_of(row.path)}
    return [root for root in store.catalog.roots() if root in held | away]


def _encoders(
    store: Store | None, sources: Collection[PictureSource], options: IndexOptions
) -> tuple[dict[str, Encoder], str]:
    """Return the encoders by name, and the feature that is meant when none is named."""
    check_device(options.device)
    names = list(options.encoders or _encoders_of(store, sources, options) or DEFAULT_ENCODERS)
    names = list(dict.fromkeys([*names, "rgb"]))
    first, names = names[0], unless_foreign(store, names, options.vectors)
    if options.weights and not any(needs_weights(name) for name in names):
        raise ImgrecError(
            f"--weights {options.weights} is for a model by its name, and the encoders are "
            f"{' and '.join(names)}: name the model with --encoder, or leave it out"
        )
    # A misspelled name is refused before any network is loaded.
    for name in names:
        check_known(name)
    loaded = [
        load_encoder(name, options.weights, options.device, options.bins, _stored_spec(store, name))
        for name in names
    ]
    encoders = {encoder.spec.name: encoder for encoder in loaded}
    own = next((name for name in encoders if name != "rgb"), "rgb")
    if store and store.encoder and is_joined_by_default(store.encoder, own):
        # Beside the store's encoder, not instead of it.
        own = own if _is_replaced(store, sources, options) else store.encoder
    return encoders, own if first in (*names, "rgb") else first


def _encoders_of(
    store: Store | None, sources: Collection[PictureSource], options: IndexOptions
) -> Sequence[str]:
    """Return the store's encoders, its own first; none where another collection replaces it."""
    if store is None or not store.encoder:
        return ()
    replaced = _is_replaced(store, sources, options)
    return () if replaced else (store.encoder, *store.feature_names())


def _is_replaced(store: Store, sources: Collection[PictureSource], options: IndexOptions) -> bool:
    """Return True if no folder of the store's collection stays in it."""
    named = {source.description for source in sources}
    return options.only and not named & set(store.catalog.held_roots())


def _stored_spec(store: Store | None, name: str) -> EncoderSpec | None:
    return store.spec(name) if store and name in store.feature_names() else None
