"""Whether a report has to be written again: what it is made of, digested."""

from dataclasses import asdict, dataclass
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.reporting.links import own_logdir, own_site, told_logdir
from imgrec.reporting.options import ReportOptions
from imgrec.store.contents import Inputs, Materials, reachable_roots
from imgrec.store.running import running_server
from imgrec.store.store import Store
from imgrec.system.known_outputs import is_current
from imgrec.system.made_of import program_fingerprint


@dataclass(frozen=True)
class Surroundings:
    """What a report links to outside of its store, as it was found at one time.

    Attributes:
        site: folder of the network site, None for none.
        pages: names of its pages.
        logdir: folder of the projector, None for none.
        told: the logdir as an argument in a shell.
        roots: folders of pictures that are reachable.
        unlinked: warnings about folders that are not linked to.
        live: address of the live page of the store, None where it does not run.
    """

    site: Path | None
    pages: tuple[str, ...]
    logdir: Path | None
    told: str | None
    roots: frozenset[str]
    unlinked: tuple[str, ...]
    live: str | None

    @classmethod
    def of(cls, store: Store, out: Path, options: ReportOptions) -> "Surroundings":
        """Return what a report at `out` would link to now."""
        site, of_another_site = own_site(store.path, options.site)
        logdir, of_another_logdir = own_logdir(store.path, out, options.logdir)
        return cls(
            site,
            tuple(_pages(site)),
            logdir,
            told_logdir(logdir),
            reachable_roots(store.catalog),
            (*of_another_site, *of_another_logdir),
            running_server(store.path),
        )


def report_inputs(
    store: Store, out: Path, options: ReportOptions, surroundings: Surroundings
) -> Inputs:
    """Return all that a report is made of.

    Args:
        store: open.
        out: absolute path of the report.
        options: of the report.
        surroundings: what it links to.
    """
    places = [out, store.path.resolve()]
    program = program_fingerprint("imgrec")
    around = ("report", program, asdict(options), places, surroundings)
    return Inputs(store, _materials(store), around)


def report_is_current(store: Store, out: Path | str, options: ReportOptions) -> bool:
    """Return True if `write_report` would write the report that is there already.

    That is known of a report that this user wrote on this machine.

    Args:
        store: open.
        out: folder of the report.
        options: of the report.
    """
    out = Path(out).resolve()
    return is_current(
        out,
        lambda: report_inputs(store, out, options, Surroundings.of(store, out, options)).whole(),
    )


def _pages(site: Path | None) -> list[str]:
    """Return the names of the pages of a site, to which a report links."""
    pages = site / "pages" if site else None
    return sorted(path.name for path in pages.iterdir()) if pages and pages.is_dir() else []


def _materials(store: Store) -> Materials:
    """Return what a report is made of in a store.

    Layouts are not among it: they are kept under a digest of what they are made of.
    """
    paths = store.paths
    return Materials(
        (paths.manifest, paths.features, paths.all_relations, paths.thumbs, paths.all_classes,
         paths.communities, paths.verdicts),
        (paths.all_knn, paths.all_indexes),
        (CLUSTER,),
    )  # fmt: skip
