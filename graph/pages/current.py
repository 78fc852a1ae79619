"""Whether a site has to be written again: what it is made of, digested.

Everything that decides a byte of a site is named here: the catalog, the vectors, thumbnails and
classes, the communities and near-duplicates that the last run kept, the options, the place of the
site, which folders of pictures are there (pages link to files), whether the live page of the store
runs (they link to it), and the program itself.
"""

from dataclasses import asdict
from pathlib import Path

from graph.map.kept_layouts import shown_layouts
from graph.pages.options import SiteOptions
from imgrec.collection.kinds import BUNDLE, COMMUNITY
from imgrec.layouts.whole import whole_name
from imgrec.store.contents import Inputs, Materials, reachable_roots
from imgrec.store.running import running_server
from imgrec.store.store import Store
from imgrec.system.known_outputs import is_current
from imgrec.system.made_of import program_fingerprint

# Options that change no byte.
_HOW = ("workers", "workers_from")


def drawing_program() -> str:
    """Return a fingerprint of all code and all libraries that make a site."""
    return program_fingerprint("imgrec", "graph")


def site_inputs(store: Store, out: Path, options: SiteOptions, roots: frozenset[str]) -> Inputs:
    """Return all that a site is made of.

    Args:
        store: open.
        out: absolute path of the site.
        options: of the site.
        roots: those that are reachable.
    """
    chosen = {name: value for name, value in asdict(options).items() if name not in _HOW}
    places = [out, store.path.resolve()]
    around = ("site", drawing_program(), chosen, places, roots, running_server(store.path))
    return Inputs(store, _materials(store, options), around)


def site_is_current(store: Store, out: Path | str, options: SiteOptions | None = None) -> bool:
    """Return True if `write_site` would write the site that is there already, byte for byte.

    That is known of a site that this user wrote on this machine.

    Args:
        store: open.
        out: folder of the site.
        options: None for the defaults.
    """
    out = Path(out).resolve()
    options = options or SiteOptions()
    return is_current(
        out, lambda: site_inputs(store, out, options, reachable_roots(store.catalog)).whole()
    )


def _materials(store: Store, options: SiteOptions) -> Materials:
    """Return what a site is made of in a store, with a map or without."""
    paths = store.paths
    layouts = shown_layouts(store, store.feature(options.encoder)) if options.map else ()
    # A map keeps its own layout.
    maps = sorted(paths.all_layouts.glob(f"*/{whole_name(2)}")) if options.map else ()
    return Materials(
        (paths.manifest, paths.features, paths.all_relations, paths.thumbs, paths.previews,
         paths.all_classes, *layouts),
        (paths.all_knn, paths.duplicates, paths.communities, *maps),
        (BUNDLE, COMMUNITY),
    )  # fmt: skip
