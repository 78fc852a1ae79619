"""The features of a store by name: what each is, which relations they allow, what a name may mean.

A feature is a folder with a description. A relation is no folder: it is there as soon as the two
features that it joins are.
"""

from collections.abc import Sequence

from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.store.descriptions import described, read_spec
from imgrec.store.enclosure import is_name, name_in
from imgrec.store.paths import FEATURE_DESCRIPTION, StorePaths
from imgrec.store.relations import JOINED, Relation, relation_named, relations_among
from imgrec.system.advice import quoted
from imgrec.system.atomic_files import write_text
from imgrec.system.suggestions import close_matches


class FeatureSpecs:
    """The descriptions of the features of one store, read anew each time."""

    def __init__(self, paths: StorePaths) -> None:
        self._paths = paths

    def names(self) -> list[str]:
        """Return the names of the stored features, sorted.

        Raises:
            StoreError: a folder of a feature stands for no name that imgrec gives.
        """
        folders = (p.parent for p in self._paths.features.glob(f"*/{FEATURE_DESCRIPTION}"))
        return sorted(map(name_in, folders))

    def relation_names(self) -> list[str]:
        """Return the names of the relations of the stored features, sorted."""
        names = self.names()
        embeddings = [name for name in names if self.stored(name).kind == "embedding"]
        return [r.name for r in relations_among(embeddings) if r.name not in names]

    def stored(self, name: str) -> EncoderSpec:
        """Return the spec of a stored feature.

        Raises:
            StoreError: its description is damaged.
        """
        return read_spec(self._paths.feature(name))

    def parts(self, relation: Relation) -> tuple[EncoderSpec, EncoderSpec]:
        """Return the specs of the centered and of the joined feature of a relation."""
        return self.stored(relation.centered), self.stored(relation.joined)

    def relation(self, name: str | None) -> Relation:
        """Return the relation of a name that is none of a stored feature.

        Raises:
            StoreError: the store lacks it.
        """
        known = self.relation_names()
        relation = relation_named(name) if name else None
        if relation is not None and name in known:
            return relation
        listed = ", ".join([*self.names(), *known]) or "none"
        lacking = f"{self._paths.root} has no feature {name!r} (there: {listed})"
        encoders = relation.features if relation else (name or "lite0",)
        if name and "+" in name and ":" not in name and not self._can_be_joined(relation):
            joined = f"a relation is one of another embedding with {JOINED}"
            if known:
                raise StoreError(f"{lacking}: {joined}, here {' or '.join(known)}")
            lacking, encoders = f"{lacking}, and {joined}", ("lite0", JOINED)
        there = self.names()
        from imgrec.encoders.registry import is_known

        if any(one not in there and not is_known(one) for one in encoders):
            raise StoreError(f"{lacking}: {likeliest(name or '', [*there, *known])}")
        options = " ".join(f"--encoder {encoder}" for encoder in encoders)
        raise StoreError(
            f"{lacking}: run imgrec index --store {quoted(self._paths.root)} {options}"
        )

    def _can_be_joined(self, relation: Relation | None) -> bool:
        """Return True if indexing with both encoders may give a relation that the store lacks."""
        if relation is None or relation.centered == JOINED or "+" in relation.centered:
            return False
        there = relation.centered in self.names()
        return not there or self.stored(relation.centered).kind == "embedding"

    def add(self, spec: EncoderSpec) -> None:
        """Create a feature's folder, or check that the one there is of the same encoder.

        Raises:
            StoreError: it was made by another encoder, other weights or another version, or its
                name cannot be that of a feature.
        """
        check_name(spec.name)
        if spec.name in self.names():
            there = self.stored(spec.name)
            if there.identity() != spec.identity():
                raise StoreError(
                    f"the feature {spec.name!r} in {self._paths.root} was made otherwise "
                    f"({_difference(there, spec)}): use another store, or delete "
                    f"{self._paths.feature(spec.name)} to have it made again"
                )
            return
        text = described(spec)
        self._paths.feature(spec.name).mkdir(parents=True, exist_ok=True)
        write_text(self._paths.feature_description(spec.name), text)


def check_name(name: str) -> None:
    """Check that a feature may have this name.

    Raises:
        StoreError: it has other characters, or is too long.
    """
    if not is_name(name):
        raise StoreError(
            f"{name!r} cannot be the name of a feature: take letters, digits, spaces and "
            "any of _ . : / @ + = , ( ) -"
        )


def _difference(there: EncoderSpec, asked: EncoderSpec) -> str:
    asked_fields = asked.identity()
    return ", ".join(
        f"{key} {value!r} there, {asked_fields[key]!r} now"
        for key, value in there.identity().items()
        if value != asked_fields[key]
    )


def likeliest(name: str, there: Sequence[str]) -> str:
    """Return what to ask for instead of a feature that the store lacks and no encoder makes."""
    if near := close_matches(name, there, 2):
        return f"did you mean {' or '.join(near)}?"
    from imgrec.encoders.registry import meant

    return f"no encoder is called so: {meant(name)}name one that is there"
