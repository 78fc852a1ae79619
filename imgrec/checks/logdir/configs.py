"""Find and parse the configs (`projector_config.pbtxt`) of a logdir as TensorBoard does.

The logdir itself is always a run; a sub-folder is one only if it has an event file. A path in a
config is relative to the config's folder, and the plugin serves nothing outside that folder.

Source: `_update_configs`, `_read_latest_config_files` and `_rel_to_abs_asset_path` of
tensorboard/plugins/projector/projector_plugin.py, in tensorflow/tensorboard.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imgrec.checks.findings import Check, Place, file_problem, shortened, unreadable

CONFIG_NAME = "projector_config.pbtxt"
_ASSETS = Path("plugins", "org_tensorflow_tensorboard_projector")
_MAX_BYTES = 16 << 20
_CURE = "create an empty file events.out.tfevents.0 there"
_TAB_GONE = "the projector tab is missing, for all runs of the logdir"
# The page puts names into URLs without escaping these.
_LOST_IN_ADDRESS = re.compile(r"[&#+]|%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Run:
    """A run: its config and the name that the page shows."""

    name: str
    config: Path


@dataclass(frozen=True)
class Embedding:
    """One `embeddings` entry of a config.

    Attributes:
        name: tensor name as the page shows it.
        shape: `tensor_shape` as written, of any length.
        tensor: path of the tensor file, "" if absent; likewise metadata, bookmarks and sprite.
        cell_px: `single_image_dim` as written, of any length.
        folder: the config's folder, to which the paths are relative.
    """

    name: str
    shape: tuple[int, ...]
    tensor: str
    metadata: str
    bookmarks: str
    sprite: str
    cell_px: tuple[int, ...]
    folder: Path


def find_runs(logdir: Path) -> Check[list[Run]]:
    """Return the runs that TensorBoard lists, including those configured in an asset folder."""
    runs: list[Run] = []
    found = False
    for folder, files in _folders(logdir):
        own, assets = folder / CONFIG_NAME, folder / _ASSETS / CONFIG_NAME
        configs = (own if _exists(own) else None), (assets if _exists(assets) else None)
        if configs == (None, None) or (folder != logdir and folder.parts[-2:] == _ASSETS.parts):
            continue
        found = True
        name = os.path.relpath(folder, logdir)
        listed = any("tfevents" in file for file in files)
        config = yield from _taken(Place(name), *configs, listed)
        if config is not None:
            runs.append(Run(name, config))
    if not found:
        yield Place(str(logdir)).error(f"there is no {CONFIG_NAME}", "there is no projector tab")
    return runs


def _taken(place: Place, own: Path | None, assets: Path | None, listed: bool) -> Check[Path | None]:
    """Return the config that the plugin reads: the folder's own or its asset folder's, or None."""
    if _LOST_IN_ADDRESS.search(place.name):
        yield place.error(
            "the name of the run contains & # + or %",
            "the page does not find the run and stays empty",
        )
    if assets is not None and not listed:
        yield place.error(
            f"there is a config in {_ASSETS}, but no event file beside plugins",
            f"the page does not list it ({_CURE})",
        )
    if own is not None and not listed and place.name != ".":
        yield place.error(
            "the folder has a config, but no event file",
            f"the page does not list this run ({_CURE})",
        )
        return None
    if own is not None and assets is not None and listed:
        yield place.warning(
            f"there is a config in the folder and one in {_ASSETS}",
            f"the page shows only the one in {_ASSETS.parts[0]}",
        )
    return assets if assets is not None and listed else own


def read_config(run: Run) -> Check[list[Embedding]]:
    """Return the embeddings of a run's config; an empty list if it cannot be read."""
    place = Place(run.name)
    text = yield from _config_text(run, place)
    if text is None:
        return []
    embeddings, problem = _parsed(text, run.config.parent)
    if problem:
        yield place.error(f"{CONFIG_NAME} is not a valid projector config: {problem}", _TAB_GONE)
    # An empty config in the logdir itself is allowed: writers of logdirs leave one as a marker.
    elif not embeddings and run.name != ".":
        yield place.warning(f"{CONFIG_NAME} names no embeddings", "the page does not list this run")
    return (yield from _named(place, embeddings))


def resolved(path: str, folder: Path) -> Path | None:
    """Return the absolute path that a config's path means; None if it is outside `folder`."""
    try:
        home = os.path.realpath(folder)
        target = os.path.realpath(os.path.join(home, os.path.expanduser(path)))  # noqa: PTH111
        return Path(target) if os.path.commonpath([home, target]) == home else None
    # A null byte in the path.
    except ValueError:
        return None


def asset(place: Place, what: str, path: str, folder: Path, effect: str) -> Check[Path | None]:
    """Return the file that a config names; None, with a finding, if the plugin cannot serve it."""
    target = resolved(path, folder)
    if target is None:
        yield place.error(f"{what} {path} is outside the folder of its config", effect)
        return None
    problem = file_problem(target, f"{what} {path}")
    if problem is not None:
        yield place.error(problem, effect)
        return None
    return target


def _folders(logdir: Path) -> Iterator[tuple[Path, list[str]]]:
    """Walk a logdir, following links as TensorBoard does, but never twice into one folder."""
    seen: set[str] = set()
    for folder, inner, files in os.walk(logdir, followlinks=True):
        seen.add(os.path.realpath(folder))
        inner[:] = sorted(d for d in inner if os.path.realpath(os.path.join(folder, d)) not in seen)
        yield Path(folder), files


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    # A folder without permission to search it.
    except OSError:
        return False


def _config_text(run: Run, place: Place) -> Check[str | None]:
    problem = file_problem(run.config, CONFIG_NAME)
    if problem is None:
        try:
            if run.config.stat().st_size <= _MAX_BYTES:
                return run.config.read_text("utf-8")
            problem = f"{CONFIG_NAME} has more than {_MAX_BYTES:,} bytes"
        except UnicodeDecodeError:
            problem = f"{CONFIG_NAME} is not valid UTF-8"
        except OSError as error:
            problem = unreadable(CONFIG_NAME, error)
    yield place.error(problem, _TAB_GONE)
    return None


def _parsed(text: str, folder: Path) -> tuple[list[Embedding], str]:
    """Return the embeddings of a config text, and "" or why it cannot be parsed."""
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    config = ProjectorConfig()
    try:
        text_format.Parse(text, config)
    except (text_format.ParseError, ValueError, RecursionError) as error:
        return [], str(error)[:200] or type(error).__name__
    named_by_file = next((e for e in config.embeddings if e.tensor_path), None)
    if named_by_file is not None and not named_by_file.tensor_name:
        named_by_file.tensor_name = named_by_file.tensor_path.rpartition("/")[2]
    return [
        Embedding(
            name=e.tensor_name.removesuffix(":0"),
            shape=tuple(e.tensor_shape),
            tensor=e.tensor_path,
            metadata=e.metadata_path,
            bookmarks=e.bookmarks_path,
            sprite=e.sprite.image_path,
            cell_px=tuple(e.sprite.single_image_dim),
            folder=folder,
        )
        for e in config.embeddings
    ], ""


def _named(place: Place, embeddings: list[Embedding]) -> Check[list[Embedding]]:
    counts = Counter(embedding.name for embedding in embeddings)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        yield place.error(
            f"several embeddings are named {shortened(twice)}",
            "the page shows the first of them, whichever is chosen",
        )
    return embeddings


def check_name(place: Place, embedding: Embedding) -> Check[None]:
    """Report a tensor name that the page cannot request."""
    if not embedding.name and embedding.tensor:
        yield place.error(
            "tensor_name is absent", 'the page lists it as "undefined" and shows an error for it'
        )
    if _LOST_IN_ADDRESS.search(embedding.name):
        yield place.error(
            "the tensor name contains & # + or %",
            "the page does not find the tensor and shows an error",
        )
