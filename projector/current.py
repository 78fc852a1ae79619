"""Whether a logdir has to be written again: what it is made of, digested."""

from dataclasses import asdict
from pathlib import Path

from imgrec.collection.kinds import CLUSTER, COLOR
from imgrec.store.contents import Inputs, Materials
from imgrec.store.store import Store
from imgrec.system.known_outputs import is_current
from imgrec.system.made_of import program_fingerprint
from projector.options import ProjectorOptions


def logdir_inputs(
    store: Store, out: Path, encoder: str | None, options: ProjectorOptions
) -> Inputs:
    """Return all that a logdir is made of.

    Args:
        store: open.
        out: absolute path of the logdir.
        encoder: name of the feature to show; None for the default feature of the store.
        options: of the logdir.
    """
    chosen = {name: value for name, value in asdict(options).items() if name != "workers"}
    places = [out, store.path.resolve()]
    around = ("logdir", program_fingerprint("imgrec", "projector"), encoder, chosen, places)
    return Inputs(store, _materials(store), around)


def logdir_is_current(
    store: Store, out: Path | str, encoder: str | None, options: ProjectorOptions
) -> bool:
    """Return True if `write_logdir` would change no file of the logdir that is there already.

    That is known of a logdir that this user wrote on this machine.

    Args:
        store: open.
        out: folder of the logdir.
        encoder: name of the feature to show; None for the default feature of the store.
        options: of the logdir.
    """
    out = Path(out).resolve()
    return is_current(out, lambda: logdir_inputs(store, out, encoder, options).whole())


def _materials(store: Store) -> Materials:
    """Return what a logdir is made of in a store.

    Layouts are not among it: they are kept under a digest of what they are made of.
    """
    paths = store.paths
    return Materials(
        (paths.manifest, paths.features, paths.all_relations, paths.thumbs, paths.all_classes,
         paths.communities),
        (paths.all_knn, paths.all_indexes, paths.all_projector, paths.colors),
        (CLUSTER, COLOR),
    )  # fmt: skip
