"""Find the duplicates of a store: files that may go, because a kept file is the same picture.

    candidates     pairs of contents that are near each other (`candidates`)
    decisions      `same`, `similar` or `different`, by thumbnails and files, kept in the store
    groups         what is kept, and what was compared with it (`groups`)

Groups are made in two steps. First the same: the best content opens a bundle, and whatever was
compared with it and is the same joins. Then the kept contents of these bundles are bundled by what
is similar. Both use `bundles`, so nothing is ever joined over a chain.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from imgrec.collection import Entry
from imgrec.duplicates.bundles import bundles, links_of
from imgrec.duplicates.candidates import candidates
from imgrec.duplicates.comparison import Verdict
from imgrec.duplicates.contents import Contents
from imgrec.duplicates.decisions import Decisions
from imgrec.duplicates.groups import Composer, Duplicates, files_by_content, in_order
from imgrec.duplicates.keep_rules import KeepRules
from imgrec.duplicates.looking import Looked, look, look_at_tokens
from imgrec.store.store import Store, check_store
from imgrec.system.argument_types import TEXT_OR_NONE, WHOLE_OR_NONE, Kind, check_type
from imgrec.system.progress import progress
from imgrec.system.stage_costs import GROUPS

# The contents that are the same as each kept one.
Bundle = dict[int, list[int]]


def find_duplicates(
    store: Store,
    rules: KeepRules | None = None,
    *,
    encoder: str | None = None,
    workers: int | None = None,
    quiet: bool = True,
) -> Duplicates:
    """Return the duplicates among the ok pictures of a store.

    Files are read: those of pairs that the store has no verdict of. Verdicts are kept in the store,
    if it can be written, so that the next call compares new pairs only.

    Args:
        store: an open store.
        rules: which file of a group is kept; by default the largest, then the oldest.
        encoder: the feature whose nearest neighbors are compared; by default those of `mini` and
            `lite0` that the store has.
        workers: processes that compare files; 0 for this process alone, None for one per core.
        quiet: show no progress bar.

    Raises:
        StoreError: there is no such feature, or a thumbnail is absent or damaged.
        ImgrecError: no picture lies in a folder of the rules, or no worker process can be started.
    """
    # Imported here, since it imports numba, and the report reads only what is known.
    from imgrec.duplicates.file_stage import FileStage

    check_store(store)
    check_type("rules", rules, Kind((KeepRules,), "KeepRules, or None", or_none=True))
    check_type("encoder", encoder, TEXT_OR_NONE)
    check_type("workers", workers, WHOLE_OR_NONE)
    rules = rules or KeepRules()
    rules.check(store.catalog)
    contents = Contents(store.catalog)
    with FileStage(workers) as stage:
        decisions = Decisions(store, contents, stage, quiet=quiet)
        decisions.decide(candidates(store, contents, encoder, quiet=quiet))
        try:
            with progress(GROUPS, quiet=quiet):
                return _grouped(decisions, rules, look)
        finally:
            # The groups may have asked for more pairs.
            decisions.keep()


def known_duplicates(store: Store, rules: KeepRules | None = None) -> Duplicates:
    """Return the duplicates by copies and the verdicts that the store keeps; reads no file."""
    contents = Contents(store.catalog)
    return _grouped(Decisions(store, contents, None), rules or KeepRules(), look_at_tokens)


def _grouped(
    decisions: Decisions, rules: KeepRules, looked_at: Callable[[Iterable[Entry]], Looked]
) -> Duplicates:
    contents = decisions.contents
    linked = chain.from_iterable(decisions.links(Verdict.SIMILAR))
    involved = {*linked, *contents.copies}
    contents.read(involved)
    entries = {e.id: e for content in involved for e in contents.files(content)}
    looked = looked_at(entries.values())
    metadata = contents.metadata(entries)
    described = {i: len(data) for i, data in metadata.items()}
    files = files_by_content(entries.values(), contents.content_of, rules, looked.absent, described)
    composer = Composer(files, decisions.between, looked, metadata)
    found = _bundled(decisions, list(files))
    groups = [composer.group(bundle) for bundle in found]
    return in_order([group for group in groups if len(group.members) > 1], entries)


def _bundled(decisions: Decisions, best_first: Sequence[int]) -> list[Bundle]:
    """Return the bundles of contents, each alone in one if nothing is related to it."""
    while True:
        before = decisions.links(Verdict.SAME)
        same = _bundles(decisions, Verdict.SAME, best_first, before)
        kept_by = {content: kept for kept, others in same.items() for content in others}
        links = [
            (kept_by.get(one, one), kept_by.get(other, other))
            for one, other in decisions.links(Verdict.SIMILAR)
        ]
        kept = [content for content in best_first if content not in kept_by]
        between = [(one, other) for one, other in links if one != other]
        similar = _bundles(decisions, Verdict.SIMILAR, kept, between)
        # The second step compares pairs that were no candidates. One that is the same belongs into
        # the first step.
        if decisions.links(Verdict.SAME) == before:
            break
    taken = {content for others in similar.values() for content in others}
    return [
        {content: same.get(content, []) for content in (first, *similar.get(first, []))}
        for first in kept
        if first not in taken
    ]


def _bundles(
    decisions: Decisions, least: Verdict, best_first: Sequence[int], links: list[tuple[int, int]]
) -> Bundle:
    """Return for each best content of a bundle the others, in the order of preference."""
    near = links_of(links)
    place = {content: number for number, content in enumerate(best_first)}
    found = bundles(
        [content for content in best_first if content in near],
        near,
        lambda one, others: decisions.are(least, one, others),
    )
    return {best: sorted(others, key=place.__getitem__) for best, *others in found}
