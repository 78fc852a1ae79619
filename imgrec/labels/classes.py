"""The labels `class` and `confidence`, and the stored classes they come from.

Indexing stores the classes of every classifier; one of them, the default encoder's if it is a
classifier, also becomes labels. `classes/labels.json` names that encoder and a digest of its
classes.json. Invariant: where the file matches, labels there are right and only absent ones
need work; where it does not, all are replaced and the file is written last.
"""

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from imgrec.collection.kinds import CLASS, CONFIDENCE
from imgrec.encoders.classifier import Classifier
from imgrec.store.classes import (
    Top,
    description_bytes,
    labels_of,
    read_description,
    top_classes,
    write_classes,
    write_description,
)
from imgrec.store.features import stored_ids
from imgrec.store.ownership import check_classes, delete_folder
from imgrec.store.parts import part_numbers
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import json_or_none
from imgrec.system.progress import progress

_BLOCK_ROWS = 1024


def begin_classes(store: Store, classifier: Classifier) -> None:
    """Create the folder of a classifier's classes; delete one of other weights first.

    Raises:
        StoreError: the folder to be deleted holds files that imgrec did not write.
    """
    spec, folder = classifier.spec, store.paths.classes(classifier.spec.name)
    there = read_description(folder)
    if there and there["weights_digest"] != spec.weights_digest:
        check_classes(folder)
        delete_folder(folder, store.path)
        there = None
    if there is None or there["categories"] != classifier.categories:
        write_description(folder, spec.weights, spec.weights_digest, classifier.categories)


def labeling(store: Store, primary: str, classifiers: Mapping[str, Classifier]) -> str | None:
    """Return the encoder whose classes become labels: `primary`, else the first by name.

    Args:
        store: open.
        primary: the default encoder.
        classifiers: of this run, by name.

    Returns:
        None if no encoder has classes.
    """
    known = sorted({*classifiers, *store.class_encoders()})
    return primary if primary in known else next(iter(known), None)


def begin_class_labels(store: Store, encoder: str | None) -> bool:
    """Claim the class labels for an encoder, before indexing writes the first one.

    Labels of another encoder are not claimed; `update_class_labels` replaces them.

    Returns:
        True if indexing may write labels as it goes.
    """
    if encoder and not _is_current(store, encoder) and CLASS not in store.catalog.labels.kinds():
        _write_marker(store, encoder)
    return encoder is not None and _is_current(store, encoder)


def complete_classes(store: Store, classifier: Classifier, *, quiet: bool = True) -> None:
    """Compute the classes of pictures that have a vector and no classes, from the vectors.

    Only for classifiers whose classes are a function of the vectors; no picture is decoded.

    Args:
        store: open for writing.
        classifier: the encoder that made the vectors.
        quiet: no progress bar.

    Raises:
        StoreError: a part is damaged.
    """
    name = classifier.spec.name
    folder, feature = store.paths.classes(name), store.feature(name)
    lacking = feature.ids[np.isin(feature.ids, stored_ids(folder), invert=True)]
    number = 1 + max(part_numbers(folder), default=-1)
    stage = f"classes by {name}"
    with progress(stage, total=len(lacking), unit="pictures", quiet=quiet) as bar:
        for start in range(0, len(lacking), _BLOCK_ROWS):
            ids = lacking[start : start + _BLOCK_ROWS]
            top = top_classes(classifier.scores(feature.take(ids)))
            write_classes(folder, number, ids, top)
            number += 1
            bar.update(len(ids))


def update_class_labels(store: Store, encoder: str | None) -> None:
    """Make `class` and `confidence` of every ok picture those of an encoder; idempotent.

    An id stands for one content, so its label changes only with the encoder, its weights or
    the names of its categories.
    """
    if encoder is None or encoder not in store.class_encoders():
        return
    current = _is_current(store, encoder)
    lacking = store.catalog.labels.ids_lacking(CLASS, CONFIDENCE)
    if current and not len(lacking):
        return
    found = store.classes(encoder)
    wanted = np.isin(found.ids, lacking) if current else np.ones(len(found.ids), bool)
    top = Top(found.top[wanted], found.probabilities[wanted])
    labels = labels_of(found.ids[wanted], top, found.categories)
    for kind, values in labels.items():
        if current:
            store.catalog.labels.add(kind, values)
        else:
            store.catalog.labels.replace(kind, values)
    if not current:
        # After the labels, so that the next run repeats what a killed run has not finished.
        _write_marker(store, encoder)


def _state(store: Store, encoder: str) -> dict[str, str]:
    described = description_bytes(store.paths.classes(encoder))
    return {"encoder": encoder, "digest": hashlib.blake2b(described, digest_size=16).hexdigest()}


def _is_current(store: Store, encoder: str) -> bool:
    return bool(json_or_none(store.paths.class_labels) == _state(store, encoder))


def _write_marker(store: Store, encoder: str) -> None:
    write_text(store.paths.class_labels, json.dumps(_state(store, encoder)) + "\n")
