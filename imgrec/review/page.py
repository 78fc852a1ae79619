"""Write the page on which duplicates are reviewed: a folder that works offline, from the disk.

    index.html, assets/      the page, its style and its scripts
    data/facts-N.js          the groups of page N: what a choice and a list are made of
    data/thumbs-N.js         thumbnails of those of them that have no preview
    pictures/N.jpg, N.webp   previews of up to 512 px, for the first 300 groups; WebP from the store

The page loads nothing from the network, and its content security policy forbids it. It deletes
nothing: it makes a list, or names the command. It is replaced as a whole or not at all.
"""

import base64
import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import jinja2

from imgrec.errors import StoreError
from imgrec.review.overlays import overlays
from imgrec.review.page_data import Scene, call, content_numbers, group_data, pages_of
from imgrec.review.previews import kept, previews, wanted
from imgrec.review.review import Review
from imgrec.review.reviewed import ReviewedGroup
from imgrec.sources.opening import source_of
from imgrec.store.store import Store
from imgrec.store.thumbnails import ThumbStore
from imgrec.system.atomic_folders import new_folder
from imgrec.system.file_names import printable
from imgrec.system.output_folder import REVIEW
from imgrec.system.progress import progress
from imgrec.system.stage_costs import REVIEW_END, REVIEW_PICTURES
from imgrec.system.threads import cores

START = "index.html"
PAGE_SIZE = 40
ASSETS = ("review.css", "decide.js", "lists.js", "compare.js", "cards.js", "review.js")
TEMPLATES = Path(__file__).parent / "templates"


def write_page(
    store: Store,
    review: Review,
    out: Path | str,
    *,
    workers: int | None = None,
    page_size: int = PAGE_SIZE,
    quiet: bool = True,
) -> Path:
    """Write the page of a review; return the file to open.

    Args:
        store: open, of the review.
        review: what is shown.
        out: folder of the page; an older page in it is replaced as a whole.
        workers: processes that draw previews; None for one per core, 0 for this one alone.
        page_size: groups shown at a time.
        quiet: show no progress bar.

    Raises:
        ImgrecError: `out` holds anything but such a page, or no process can be started.
        OSError: it cannot be written.
    """
    out = Path(out).resolve()
    REVIEW.check_place(out)
    pages = pages_of(review.groups, page_size)
    with ExitStack() as end, new_folder(out, REVIEW.check_place) as folder:
        for name in ASSETS:
            _write(folder / "assets" / name, (TEMPLATES / name).read_bytes())
        workers = cores() if workers is None else workers
        drawn = _draw(folder / "pictures", store, review, workers, quiet)
        end.enter_context(progress(REVIEW_END, quiet=quiet))
        places = overlays(review.groups, drawn, folder / "pictures")
        scene, thumbs = Scene(out, _roots_there(review), drawn, places), store.thumbs()
        for number, groups in enumerate(pages, 1):
            rows = [group_data(group, scene) for group in groups]
            _write(folder / f"data/facts-{number}.js", call("review.add", number, rows))
            shown = _thumbs(groups, drawn, thumbs)
            _write(folder / f"data/thumbs-{number}.js", call("review.show", number, shown))
        _write(folder / START, page_html(store, review, len(pages), page_size))
        _write(folder / REVIEW.marker, REVIEW.described(folder, {"groups": len(review.groups)}))
    return out / START


def page_html(store: Store, review: Review, pages: int, page_size: int) -> str:
    """Return the HTML of the page: a frame, filled by its scripts."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    # The filter `tojson` escapes <, >, & and ' (as in \u003c) and all non-ASCII characters.
    counted = review.counts
    data = {
        "pages": pages,
        "pageSize": page_size,
        "groups": counted.groups,
        "rules": printable(str(review.rules)),
        "key": printable(str(store.path.resolve())),
        "command": _command(store, review),
    }
    return environment.get_template("review.html").render(
        counts=counted, store=printable(str(store.path.resolve())), data=data
    )


def _command(store: Store, review: Review) -> str:
    """Return the command of this review for a shell, without its rules."""
    options = ["--store", str(store.path.resolve())]
    options += ["--encoder", review.encoder] if review.encoder else []
    return printable(f"imgrec duplicates {shlex.join(options)}")


def _draw(folder: Path, store: Store, review: Review, workers: int, quiet: bool) -> dict[str, str]:
    """Write the previews; return the file name of each by the content it shows."""
    shown = wanted(review.groups)
    there = kept(store, shown)
    files = [file for file in shown if file.digest not in there]
    names: dict[str, str] = {}
    for number, (content, webp) in enumerate(there.items(), 1):
        names[content] = f"{number}.webp"
        _write(folder / names[content], webp)
    jpegs = previews(files, workers)
    stage = progress(REVIEW_PICTURES, jpegs, unit="pictures", total=len(files), quiet=quiet)
    for number, (file, jpeg) in enumerate(zip(files, stage, strict=True), len(there) + 1):
        if jpeg is not None:
            names[file.digest] = f"{number}.jpg"
            _write(folder / names[file.digest], jpeg)
    return names


def _thumbs(
    groups: Sequence[ReviewedGroup], drawn: Mapping[str, str], thumbs: ThumbStore
) -> list[dict[int, str]]:
    """Return for each group the thumbnails of its contents without a preview, as data: URLs.

    The keys are the numbers of the contents in the group, as in `group_data`.
    """
    shown = []
    for group in groups:
        lacking = {
            content: member.entry.id
            for content, member in zip(content_numbers(group), group, strict=True)
            if member.entry.digest not in drawn
        }
        shown.append({content: _data_url(thumbs, lacking[content]) for content in lacking})
    return shown


def _data_url(thumbs: ThumbStore, image_id: int) -> str:
    try:
        return "data:image/jpeg;base64," + base64.b64encode(thumbs.get(image_id)).decode("ascii")
    except StoreError:
        return ""


def _roots_there(review: Review) -> frozenset[str]:
    roots = {member.entry.root for group in review.groups for member in group}
    return frozenset(root for root in roots if source_of(root).identity() is not None)


def _write(file: Path, content: str | bytes) -> None:
    """Write a file, and its folder first: an empty folder is no part of an output folder."""
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
