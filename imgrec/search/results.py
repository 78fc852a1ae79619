"""From the rows that a search found to results with paths, labels, metadata and pages."""

from imgrec.collection.kinds import COMMUNITY
from imgrec.distances.metrics import Metric
from imgrec.labels.community_names import CommunityNames
from imgrec.pictures.metadata_names import by_name
from imgrec.search.answer import Result
from imgrec.search.space import Space
from imgrec.search.ways import Found
from imgrec.store.site_link import page_of, site_of
from imgrec.store.store import Store


def ranked_results(
    store: Store,
    names: CommunityNames,
    space: Space,
    found: Found,
    count: int,
    metric: Metric,
    fuse: str,
    before: int = 0,
) -> list[Result]:
    """Return the results of a question, the nearest first.

    Args:
        store: open.
        names: of its communities.
        space: that was searched.
        found: its rows, with their distances.
        count: number of query pictures and texts.
        metric: by which they are ordered.
        fuse: how several distances became one.
        before: number of pictures that are nearer than these.
    """
    ids = space.ids[found.rows].tolist()
    labels, metadata = store.catalog.labels.of(ids), store.catalog.metadata.of(ids)
    has_similarity = metric.has_similarity and fuse != "rank"
    entries, site = store.catalog.entries(ids), site_of(store.path)
    return [
        Result(
            rank=rank,
            id=entry.id,
            path=entry.path,
            file=entry.location,
            distance=score,
            similarity=1 - score if has_similarity else None,
            per_query=distances[:count],
            per_unwanted=distances[count:],
            labels=labels[entry.id],
            page=page_of(site, labels[entry.id].get(COMMUNITY), entry.id),
            metadata=by_name(metadata[entry.id]),
            community=names.of(path) if (path := labels[entry.id].get(COMMUNITY)) else None,
        )
        for rank, (entry, score, distances) in enumerate(
            zip(entries, found.scores.tolist(), found.distances.T.tolist(), strict=True),
            start=before + 1,
        )
    ]
