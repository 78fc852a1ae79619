"""Check a store: manifest, catalog, every part by checksum, and the indexes and graphs.

Each finding names what the next `imgrec index` does about it. The check only reads; damage that
cheap checks cannot see is returned by name, so that the doctor can record it for the next run.
"""

from contextlib import closing
from pathlib import Path

import numpy as np

from imgrec.checks.findings import Check, CheckReport, Finding, Place, collected
from imgrec.checks.store.catalog import check_catalog, check_origins, known_ids
from imgrec.checks.store.derived import check_derived
from imgrec.checks.store.parts import check_output
from imgrec.collection import Ids
from imgrec.errors import StoreError
from imgrec.store.damage import PICTURE_FILES, Output, outputs_of
from imgrec.store.enclosure import name_in, strays
from imgrec.store.features import stored_ids
from imgrec.store.manifest import FORMAT, format_of, read_manifest
from imgrec.store.origins import read_roots
from imgrec.store.paths import CATALOG, CLASSES, PREVIEWS, THUMBS, StorePaths
from imgrec.store.pulled import read_pulled
from imgrec.system.text import counted

# Links and the like that are listed.
_MOST_STRAYS = 20


def check_store(store: Path, *, deep: bool = False) -> tuple[CheckReport, list[str] | None]:
    """Check a store; return what it holds and its faults, and the names of damaged parts.

    Every part is read once. Nothing is written.

    Args:
        store: the store's folder.
        deep: decode every thumbnail, not a sample of each part.

    Returns:
        The report, and the paths relative to the store of the parts (and the catalog) that are
        damaged; None if the parts were not looked at.
    """
    findings: list[Finding] = []
    place, paths = Place(str(store)), StorePaths(store)
    if not collected(_check_manifest(place, store), findings) or not collected(
        _check_enclosed(store), findings
    ):
        return CheckReport((), tuple(findings)), None
    collected(_check_pulled(store), findings)
    catalog = collected(check_catalog(place, paths.catalog), findings)
    known = ok = None
    if catalog:
        with closing(catalog):
            known, ok = known_ids(catalog), catalog.ids("ok")
            thumbs = Output(THUMBS, paths.thumbs)
            collected(check_origins(place, thumbs, catalog.db), findings)
    damaged = [] if catalog else [CATALOG]
    outputs = list(outputs_of(store))
    collected(_check_names(store, outputs), findings)
    for output in outputs:
        spoilt = collected(check_output(store, output, known, deep), findings)
        damaged += spoilt
        if ok is not None and not spoilt and output.kind != CLASSES:
            collected(_check_complete(store, output, ok), findings)
    kept = collected(check_derived(store, known), findings)
    collected(_check_origins(store, outputs), findings)
    if any(finding.severity == "error" for finding in findings):
        return CheckReport((), tuple(findings)), damaged
    parts = sum(len(output.parts()) for output in outputs)
    pictures = counted(0 if ok is None else len(ok), "picture")
    indexes = "1 index or graph" if kept == 1 else f"{kept} indexes and graphs"
    what = f"{pictures}, {counted(parts, 'part')}, {indexes}"
    return CheckReport(((place.name, what),), tuple(findings)), damaged


def _check_manifest(place: Place, store: Path) -> Check[bool]:
    """Check store.json; return True if the folder is a store of the format this version reads."""
    parts, found = any(output.parts() for output in outputs_of(store)), format_of(store)
    try:
        manifest = read_manifest(store)
    except StoreError as error:
        if found is None and not parts:
            yield place.error("it is not a store", "there is nothing to check")
        elif found not in (None, FORMAT):
            yield place.error(str(error), "nothing of it was checked")
        else:
            yield place.error(
                "store.json is absent or damaged",
                "no command can open the store; the next imgrec index writes it again",
            )
            return True
        return False
    encoder = manifest.get("encoder")
    if encoder and parts and not StorePaths(store).feature(encoder).is_dir():
        yield place.error(
            f"store.json names the encoder {encoder!r}, but the store has no feature of it",
            "queries fail; choose the encoder by imgrec index --encoder",
        )
    return True


def _check_enclosed(store: Path) -> Check[bool]:
    """Check that a store holds folders and files alone; return True if so.

    What leads out of a store is reported, and nothing in the store is opened then.
    """
    found = list(strays(store))
    for path, what in found[:_MOST_STRAYS]:
        yield Place(path.relative_to(store).as_posix()).error(
            f"it {what}, which a store never holds",
            "no command opens the store, and the rest of it was not checked; remove it",
        )
    return not found


def _check_pulled(store: Path) -> Check[None]:
    """Report a file that says wrongly which store in object storage this one mirrors."""
    try:
        read_pulled(store)
    except StoreError as error:
        yield Place(StorePaths(store).pulled.name).error(
            str(error), "commands that compare vectors end there"
        )


def _check_names(store: Path, outputs: list[Output]) -> Check[None]:
    """Report folders of features and classes that stand for no name that imgrec gives."""
    for output in outputs:
        if output.kind not in PICTURE_FILES:
            try:
                name_in(output.folder)
            except StoreError as error:
                yield Place(output.folder.relative_to(store).as_posix()).error(
                    str(error), "commands that list the features or classes end there"
                )


def _check_complete(store: Path, output: Output, ok: Ids) -> Check[None]:
    """Warn if readable pictures have no row in an output."""
    lacking = int(np.isin(ok, stored_ids(output.folder), invert=True).sum())
    if lacking and output.kind == PREVIEWS:
        yield Place(PREVIEWS).warning(
            f"{counted(lacking, 'picture')} have none",
            "they are shown by their thumbnails; the next imgrec index --previews makes them",
        )
    elif lacking:
        yield Place(output.folder.relative_to(store).as_posix()).warning(
            f"{counted(lacking, 'picture')} have no row",
            "they are not found by this feature until "
            + ("imgrec index --vectors gives them" if output.foreign else "the next imgrec index"),
        )


def _check_origins(store: Path, outputs: list[Output]) -> Check[None]:
    if any(output.parts() for output in outputs) and not read_roots(store):
        yield Place(StorePaths(store).roots.name).warning(
            "it is absent or damaged",
            "a lost catalog could not be rebuilt; the next imgrec index writes it",
        )
