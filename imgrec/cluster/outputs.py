"""The parts of a finished job as blobs: the files that a store has, by their paths in it."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from imgrec.encoders.spec import EncoderSpec
from imgrec.indexing.finished import Files
from imgrec.indexing.jobs import output_folder
from imgrec.remote.blobs import Blobs
from imgrec.remote.manifest import Entry
from imgrec.store.descriptions import described
from imgrec.store.parts import part_content, part_name
from imgrec.store.paths import StorePaths

_PATHS = StorePaths(Path())


def store_path(output: str, number: int, file: str) -> str:
    """Return the path in a store of a file of a part.

    Args:
        output: as `PartJob` names it.
        number: of the part.
        file: its name.
    """
    return (output_folder(_PATHS, output) / part_name(number) / file).as_posix()


def descriptions_of(specs: Iterable[EncoderSpec]) -> dict[str, object]:
    """Return the content of `feature.json` by output, as `part.json` repeats it."""
    return {spec.name: json.loads(described(spec)) for spec in specs}


def upload(
    blobs: Blobs, number: int, parts: Mapping[str, Files], descriptions: Mapping[str, object]
) -> dict[str, Entry]:
    """Write the parts of a job as blobs; return the entries of their files by path in the store.

    Args:
        blobs: of the store.
        number: of the job.
        parts: of `Finished`.
        descriptions: as `descriptions_of` returns them.

    Raises:
        ObjectError: one cannot be written.
    """
    return {
        store_path(output, number, name): blobs.put(data)
        for output, files in parts.items()
        for name, data in part_content(files, descriptions.get(output)).items()
    }
