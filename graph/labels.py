"""The communities, kept in the catalogue for every other stage."""

from collections.abc import Iterable

from graph.communities import Community

KIND = "community"


def community_labels(communities: Iterable[Community]) -> dict[int, str]:
    """Return the number of its community, as text, for each picture."""
    return {member: str(c.number) for c in communities for member in c.members}
