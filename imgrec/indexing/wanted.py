"""Which folders and encoders a run is about."""

from collections.abc import Collection, Sequence
from pathlib import Path

from imgrec.encoders import load_encoder, needs_weights
from imgrec.encoders.rgb import BINS, bins_of
from imgrec.encoders.spec import Encoder
from imgrec.errors import ImgrecError
from imgrec.indexing.options import DEFAULT_ENCODER, IndexOptions
from imgrec.sources.opening import real_places, source_at, source_of
from imgrec.sources.source import PictureSource
from imgrec.store.manifest import is_store
from imgrec.store.store import Store


def follows_links(store: Path, options: IndexOptions) -> bool:
    """Return whether what links lead to belongs to the collection, by default as before."""
    if options.follow_links is not None or not is_store(store):
        return bool(options.follow_links)
    with Store.open(store) as opened:
        return opened.follows_links


def sources_wanted(
    folders: Sequence[Path | str], store: Path, follow_links: bool
) -> list[PictureSource]:
    """Return the folders named, each with a picture in it, or all that the store holds."""
    if any(not str(folder) for folder in folders):
        raise ImgrecError("a folder's name is empty: name the picture folder")
    sources = [source_at(folder) for folder in dict.fromkeys(folders)]
    for source in sources:
        source.check(real_places(sources) if follow_links else None)
    return sources or _known_sources(store)


def _known_sources(store: Path) -> list[PictureSource]:
    if not is_store(store):
        raise ImgrecError(f"no store at {store} and no folder named: name the picture folder")
    with Store.open(store) as opened:
        known = [source_of(root) for root in opened.catalog.held_roots()]
    if not known:
        raise ImgrecError(f"{store} knows no folder of pictures yet: name one")
    return known


def encoders_wanted(
    store: Path, sources: Collection[PictureSource], options: IndexOptions
) -> dict[str, Encoder]:
    """Return the encoders by name, `rgb` always among them, the one asked about first."""
    names, bins = list(options.encoders), options.bins
    if is_store(store):
        with Store.open(store) as opened:
            there = opened.feature_names()
            held = set(opened.catalog.held_roots()) & {source.description for source in sources}
            afresh = options.only and not held  # another collection takes the place of the one here
            if not names and opened.encoder and not afresh:
                names = [opened.encoder, *there]
            if bins is None and "rgb" in there:
                bins = bins_of(opened.spec("rgb"))
    names = list(dict.fromkeys([*(names or [DEFAULT_ENCODER]), "rgb"]))
    if options.weights and not any(needs_weights(name) for name in names):
        raise ImgrecError(
            f"--weights {options.weights} is for a torchvision model, and the encoders are "
            f"{' and '.join(names)}: name the model with --encoder, or leave it out"
        )
    loaded = [load_encoder(name, options.weights, options.device, bins or BINS) for name in names]
    return {encoder.spec.name: encoder for encoder in loaded}
