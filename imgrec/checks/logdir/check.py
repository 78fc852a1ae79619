"""Check a TensorBoard logdir for what the Embedding Projector would not show, or show wrong.

For each embedding of each run: its name, tensor file, metadata, sprite and bookmarks, in this
order, because the later ones are compared with the number of rows of the tensor. The rules are
those of TensorBoard's plugin (Python) and of its page (TypeScript), which the modules name.
"""

from dataclasses import replace
from pathlib import Path

from imgrec.checks.findings import Check, CheckReport, Finding, Place, collected
from imgrec.checks.logdir.bookmarks import check_bookmarks
from imgrec.checks.logdir.configs import (
    CONFIG_NAME,
    Embedding,
    Run,
    check_name,
    find_runs,
    read_config,
)
from imgrec.checks.logdir.sprites import Sprite, check_sprite
from imgrec.checks.logdir.tables import Table, check_table
from imgrec.checks.logdir.tensors import Tensor, check_tensor
from imgrec.system.text import counted

# The tensors that were checked, and what was found in them, by folder, file and shape.
_Tensors = dict[tuple[Path, str, tuple[int, ...]], tuple[Tensor | None, list[Finding]]]


def check_logdir(logdir: Path) -> CheckReport:
    """Check a logdir; return what it holds and its faults. Nothing is written.

    Files are read in blocks, so memory does not grow with their size.

    Args:
        logdir: a folder as given to `tensorboard --logdir`, written by any tool.
    """
    holdings: list[tuple[str, str]] = []
    findings: list[Finding] = []
    runs = collected(find_runs(logdir), findings)
    tensors: _Tensors = {}
    shown = 0
    for run in runs:
        for embedding in collected(read_config(run), findings):
            shown += 1
            place = _place(run, embedding)
            before = len(findings)
            what = collected(_embedding(place, embedding, tensors), findings)
            if all(finding.severity != "error" for finding in findings[before:]):
                holdings.append((place.name, what))
    if not shown and all(finding.severity != "error" for finding in findings):
        nothing = f"its {CONFIG_NAME} names no embeddings"
        findings.append(Place(str(logdir)).error(nothing, "there is no projector tab"))
    return CheckReport(tuple(holdings), tuple(findings))


def _embedding(place: Place, embedding: Embedding, tensors: _Tensors) -> Check[str]:
    yield from check_name(place, embedding)
    tensor = yield from _tensor(place, embedding, tensors)
    table = yield from check_table(place, embedding, tensor)
    sprite = yield from check_sprite(place, embedding, tensor)
    marks = yield from check_bookmarks(place, embedding, tensor, table)
    return _holding(tensor, table, sprite, marks)


def _tensor(place: Place, embedding: Embedding, tensors: _Tensors) -> Check[Tensor | None]:
    """Check a tensor, or repeat what was found in the same one: it may be read for a minute."""
    key = embedding.folder, embedding.tensor, embedding.shape
    if key not in tensors:
        findings: list[Finding] = []
        tensors[key] = collected(check_tensor(place, embedding), findings), findings
    tensor, found = tensors[key]
    yield from (replace(finding, place=place.name) for finding in found)
    return tensor


def _holding(tensor: Tensor | None, table: Table | None, sprite: Sprite | None, marks: int) -> str:
    if tensor is None:
        return "not checked"
    parts = [f"{counted(tensor.rows, 'row')} × {counted(tensor.columns, 'column')}"]
    if table is not None:
        parts.append(counted(len(table.columns), "metadata column"))
    if sprite is not None:
        width, height = sprite.cell_px
        parts.append(f"{width if width == height else f'{width} × {height}'} px thumbnails")
    if marks:
        parts.append(counted(marks, "bookmark"))
    return ", ".join(parts)


def _place(run: Run, embedding: Embedding) -> Place:
    return Place(f"{run.name} / {embedding.name or '(no name)'}")
