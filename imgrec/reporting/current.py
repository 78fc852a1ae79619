"""Whether a report has to be written again: what it is made of, digested."""

from dataclasses import asdict
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.reporting.links import own_logdir, own_site, told_logdir
from imgrec.reporting.options import ReportOptions
from imgrec.store.contents import Materials, reachable_roots
from imgrec.store.store import Store
from imgrec.system.known_outputs import is_current
from imgrec.system.made_of import fingerprint, program_fingerprint


def report_materials(store: Store) -> Materials:
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


def report_inputs(store: Store, out: Path, options: ReportOptions) -> str:
    """Return a fingerprint of all that a report would be made of now.

    Args:
        store: open.
        out: absolute path of the report.
        options: of the report.
    """
    site, logdir, _ = linked_outputs(store, out, options)
    return fingerprint(
        "report",
        program_fingerprint("imgrec"),
        asdict(options),
        [out, store.path.resolve()],
        [site, _pages(site)],
        told_logdir(logdir),
        reachable_roots(store.catalog),
        report_materials(store).whole(store),
    )


def report_is_current(store: Store, out: Path | str, options: ReportOptions) -> bool:
    """Return True if `write_report` would write the report that is there already.

    That is known of a report that this user wrote on this machine.

    Args:
        store: open.
        out: folder of the report.
        options: of the report.
    """
    out = Path(out).resolve()
    return is_current(out, lambda: report_inputs(store, out, options))


def linked_outputs(
    store: Store, out: Path, options: ReportOptions
) -> tuple[Path | None, Path | None, list[str]]:
    """Return the site and the logdir that a report links to, None for none, and warnings."""
    site, of_another_site = own_site(store.path, options.site)
    logdir, of_another_logdir = own_logdir(store.path, out, options.logdir)
    return site, logdir, [*of_another_site, *of_another_logdir]


def _pages(site: Path | None) -> list[str]:
    """Return the names of the pages of a site, to which a report links."""
    pages = site / "pages" if site else None
    return sorted(path.name for path in pages.iterdir()) if pages and pages.is_dir() else []
