"""`imgrec index FOLDER…`: make or update a store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import (
    address,
    check_folder,
    positive,
    processes,
    progress_options,
    refuse,
    store_of,
    store_option,
)
from imgrec.commands import Parser, pasteable, path_argument, run, summary_line
from imgrec.errors import ImgrecError
from imgrec.indexing.options import DEFAULT_ENCODERS, IndexOptions
from imgrec.objects.addresses import is_address
from imgrec.pictures.preview_size import LEAST_PREVIEW_PX, MOST_PREVIEW_PX, PREVIEW_PX
from imgrec.sources.globs import glob_problem
from imgrec.sources.rules import TAKEN_KINDS

if TYPE_CHECKING:
    from imgrec.cluster.ray_work import RayWork
    from imgrec.indexing.options import Summary
    from imgrec.store.relocate import Relocation

_SHOWN_WARNINGS = 10
# The value of --workers that means a cluster.
RAY = "ray"
# With --relocate alone; how many processes at most is no promise that there are some.
_OF_RELOCATING = ("relocate", "store", "work", "workers", "quiet", "verbose")

_DESCRIPTION = """\
Make or update a store of pictures: its catalog, thumbnails, features, labels and search indexes.
Resumable: a stopped run continues after the last committed part. Only new and changed files are
read.
"""
_EXAMPLES = """\
a feature holds one vector per picture, made by an encoder; similar pictures have near vectors:
  lite0         what is in the picture, with ImageNet class names; needs no download
  mini          layout, outline and color
  resnet50      or any other torchvision classification model; torchvision downloads its weights
  timm:NAME, open_clip:NAME/TAG, onnx:FILE
                models of other libraries (pip install 'imgrec[models]'), or a file
  rgb           color histogram, always made beside the others

examples:
  imgrec index ~/Pictures                          into ./imgrec-store
  imgrec index ~/Pictures --encoder mini           faster, without classes
  imgrec index                                     what is new in the folders of the store
  imgrec index --exclude scans --exclude '*.gif'    not these, now and later
  imgrec index s3://bucket/photos                  a bucket (pip install 'imgrec[scale]')
  imgrec index --previews                          larger pictures in the network pages
  imgrec index --reread 'scans/*'                  files changed without another size or time
  imgrec index --vectors dino=vectors.npy          paths in vectors.txt, one a line
  imgrec index --relocate /mnt/old /mnt/new        the disk has another path now
  imgrec index ~/Pictures --store s3://bucket/store
                                                   the store in object storage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Index folders of pictures."""
    return run("imgrec index", _parser, _index, argv)


def report(summary: Summary, *, verbose: bool = False) -> str:
    """Return what a run found beside the pictures, a line each; `verbose`: and what there is."""
    from imgrec.store.inventory import summary_lines

    features = ", ".join(f"{name} ({d})" for name, d in summary.features.items())
    lines = [
        *(summary_lines(summary.counts, summary.failures, summary.formats) if verbose else []),
        *summary.skipped,
        *([f"features: {features}"] if verbose else []),
        *_change_of_default(summary),
        *summary.vectors,
        *(summary.indexes if verbose else []),
        *([summary.hint] if summary.hint else []),
    ]
    return "".join(f"{line}\n" for line in lines)


def _change_of_default(summary: Summary) -> list[str]:
    now, before = summary.compared, summary.compared_before
    if before is None or now == before:
        return []
    return [f"compared by default: {now} (before: {before})"]


def told(summary: Summary) -> list[str]:
    """Return the counts of a run for its last line: pictures of the store, what was done."""
    from imgrec.system.text import counted

    counts = summary.counts
    there = {"failed": counts["failed"], "missing": counts["missing"], "not read": counts["new"]}
    did = {"new": summary.new, "changed": summary.changed, "moved": summary.moved}
    did |= {"back": summary.returned, "gone": summary.gone, "left out": summary.left_out}
    did |= {"compared again": summary.compared_again, "read": summary.done}
    parts = [f"{count:,} {what}" for what, count in did.items() if count]
    parts = parts or ["nothing new"]
    if summary.done:
        parts[-1] += f" ({summary.done / summary.reading_s:.0f}/s)"
    return [
        counted(counts["ok"], "picture"),
        *(f"{count:,} {what}" for what, count in there.items() if count),
        *parts,
    ]


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    add = parser.add_argument_group("pictures").add_argument
    add(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="of pictures, or s3://BUCKET/PREFIX; default: those of the store",
    )
    add("--only", action="store_true", help="leave out the pictures of all other folders")
    links = (
        "index what symbolic links outside the folders point to; kept for later runs (default: no)"
    )
    add("--follow-links", action=argparse.BooleanOptionalAction, help=links)
    _rule_options(add)
    add("--retry-failed", action="store_true", help="read the pictures again that failed before")
    again = (
        "compare the content of known files, whatever their size and time; GLOB: of these, or a "
    )
    again += "folder (a folder to index stands before this option)"
    add("--reread", nargs="?", const="", metavar="GLOB", help=again)

    group = parser.add_argument_group("store")
    store_option(group, made=True, folder=_place)
    work = "the working copy of a store in object storage; default: one in the user's cache"
    group.add_argument("--work", type=Path, metavar="DIR", help=work)
    lean = "keep no vectors and thumbnails in the working copy, for stores larger than this disk"
    group.add_argument("--lean", action="store_true", help=lean)
    previews = "keep a larger picture of each beside its thumbnail, for the pages of imgrec graph: "
    previews += "WebP of PX pixels (default %(const)s); kept for later runs"
    group.add_argument(
        "--previews", nargs="?", type=_preview_px, const=PREVIEW_PX, metavar="PX", help=previews
    )
    none = "make no previews from now on"
    group.add_argument("--no-previews", action="store_const", const=0, dest="previews", help=none)
    moved = "folder OLD, or those below it, are at NEW now; reads no picture, ids stay"
    group.add_argument(
        "--relocate", nargs=2, action="append", default=[], metavar=("OLD", "NEW"), help=moved
    )

    add = parser.add_argument_group("features").add_argument
    default = " and ".join(DEFAULT_ENCODERS)
    encoders = f"lite0, mini, or a model; default: those of the store, else {default}"
    add("--encoder", action="append", default=[], metavar="NAME", dest="encoders", help=encoders)
    weights = "a state dict for the model, or the ONNX file; default: the library's own weights"
    add("--weights", type=Path, metavar="FILE", help=weights)
    vectors = "vectors made elsewhere as the feature NAME: .npy with a list of paths beside it, or "
    vectors += ".parquet; may be repeated"
    add(
        "--vectors",
        action="append",
        type=_named_file,
        default=[],
        metavar="NAME=FILE",
        help=vectors,
    )
    add(
        "--bins", type=positive, metavar="N", help="histogram bins per channel of rgb (default 256)"
    )
    add(
        "--hnsw",
        action="store_true",
        help="build the HNSW index (worth it from about a million pictures)",
    )

    group = parser.add_argument_group("how to compute")
    add = group.add_argument
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    batch = "batch size: pictures per forward pass (default %(default)s)"
    add("--batch-size", type=positive, default=IndexOptions.batch_size, metavar="N", help=batch)
    workers = "processes that decode pictures; 0: only the main process; default: one per core; "
    workers += "ray: the machines of a Ray cluster ($RAY_ADDRESS), which all reach the store"
    add("--workers", type=_workers, metavar="N|ray", help=workers)
    compiling = "torch.compile for models on the CPU; auto: if there are pictures enough"
    add("--compile", choices=("auto", "on", "off"), default=IndexOptions.compile, help=compiling)
    progress_options(parser)
    return parser


def _rule_options(add: Callable[..., argparse.Action]) -> None:
    """Add the options that say which files are pictures of the collection."""
    kinds = ", ".join(TAKEN_KINDS)
    take = f"also take files of a kind that is left out by default: {kinds}; kept for later runs"
    add("--take", action="append", choices=TAKEN_KINDS, default=[], metavar="KIND", help=take)
    exclude = "leave out files and folders of this path below FOLDER, or of this name; kept"
    add("--exclude", action="append", type=_glob, default=[], metavar="GLOB", help=exclude)
    include = "make an exception of --exclude, and of what is left out by default; kept"
    add("--include", action="append", type=_glob, default=[], metavar="GLOB", help=include)
    for name in ("take", "exclude", "include"):
        forget = f"forget each --{name} of the runs before"
        add(f"--no-{name}", action="append_const", dest="forget", const=name, help=forget)


def _index(arguments: argparse.Namespace) -> None:
    _check(arguments)
    if arguments.workers != RAY:
        _run(arguments, None)
        return
    from imgrec.cluster.ray_work import RayWork

    with RayWork() as ray:
        _run(arguments, ray)


def _run(arguments: argparse.Namespace, ray: RayWork | None) -> None:
    from imgrec.indexing.run import index_folders
    from imgrec.store.pulled import check_whole
    from imgrec.store.relocate import relocate
    from imgrec.system.file_names import printable
    from imgrec.system.text import counted

    options = _options(arguments)

    def relocate_roots(store: Path) -> None:
        for old, new in arguments.relocate:
            for moved in relocate(store, old, new):
                sys.stdout.write(printable(_relocated(moved)) + "\n")

    store: Path | str
    index: Callable[..., Summary] = index_folders
    if isinstance(arguments.store, str):
        from imgrec.cluster.drive import change_in, index_to

        store = arguments.store
        if arguments.relocate:
            change_in(store, relocate_roots, work=arguments.work)
        index = partial(index_to, work=arguments.work, lean=arguments.lean)
        if ray:
            index = partial(index, crews=ray)
    else:
        store = store_of(arguments.store, made=True)
        check_whole(store, "imgrec index")
        if ray:
            from imgrec.cluster.local_drive import LocalRead
            from imgrec.cluster.ray_reach import check_reached

            ray.connect()
            check_reached(store.resolve())
            index = partial(index_folders, read=LocalRead(ray))
        relocate_roots(store)
    if arguments.relocate and not arguments.folders:
        return
    summary = index(arguments.folders, store, options)
    _warn([*(ray.warnings if ray else []), *summary.warnings])
    sys.stdout.write(pasteable(report(summary, verbose=arguments.verbose)))
    if isinstance(store, str):
        _tell_cost(store)
    sys.stdout.write(summary_line(told(summary), arguments, store))
    if summary.unread:
        raise ImgrecError(
            f"memory did not suffice for {counted(summary.unread, 'picture')}, not read yet: the "
            "same command reads them; give it more memory, or fewer --workers"
        )


def _tell_cost(url: str) -> None:
    """Print what it took to make a store in object storage."""
    from imgrec.cluster.cost import cost_line
    from imgrec.remote.store import RemoteStore

    if line := cost_line(RemoteStore.open(url).manifest.cost):
        sys.stdout.write(f"{line}\n")


def _options(arguments: argparse.Namespace) -> IndexOptions:
    """Return the options of a run.

    Raises:
        ImgrecError: they are too many, or one is out of its range.
    """
    try:
        return IndexOptions(
            encoders=tuple(arguments.encoders),
            weights=arguments.weights,
            vectors=_by_name(arguments.vectors),
            device=arguments.device,
            bins=arguments.bins,
            batch_size=arguments.batch_size,
            workers=None if arguments.workers == RAY else arguments.workers,
            only=arguments.only,
            follow_links=arguments.follow_links,
            take=tuple(arguments.take),
            exclude=tuple(arguments.exclude),
            include=tuple(arguments.include),
            forget=tuple(arguments.forget or ()),
            previews=arguments.previews,
            retry_failed=arguments.retry_failed,
            reread=arguments.reread,
            hnsw=arguments.hnsw,
            compile=arguments.compile,
            quiet=arguments.quiet,
        )
    except ValueError as error:
        raise ImgrecError(str(error)) from error


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that would have no effect.

    Raises:
        ImgrecError: one is given.
    """
    if not isinstance(arguments.store, str):
        useless = ["work", "lean"]
        refuse(arguments.given, useless, "is for a store in object storage: name one by --store")
    if arguments.folders:
        return
    refuse(arguments.given, ["only"], "needs FOLDER: it leaves out the pictures of all others")
    if arguments.relocate:
        reading = [name for name in arguments.given if name not in _OF_RELOCATING]
        why = "has no effect beside --relocate, which reads no picture: name FOLDER too, or leave "
        refuse(arguments.given, reading, why + "it out")


def _workers(text: str) -> int | str:
    return RAY if text == RAY else processes(text)


def _preview_px(text: str) -> int:
    is_short = text.isascii() and text.isdigit() and len(text) < 6
    if is_short and LEAST_PREVIEW_PX <= int(text) <= MOST_PREVIEW_PX:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is no size of previews: give pixels from {LEAST_PREVIEW_PX} to "
        f"{MOST_PREVIEW_PX}, or write the folder to index before --previews"
    )


def _place(text: str) -> Path | str:
    """Return a folder, or an address of object storage as text.

    Raises:
        ArgumentTypeError: it was meant as an address and is none.
    """
    if is_address(text):
        return address(text)
    check_folder(text)
    return path_argument(text)


def _glob(text: str) -> str:
    if wrong := glob_problem(text):
        raise argparse.ArgumentTypeError(wrong)
    return text


def _named_file(text: str) -> tuple[str, Path]:
    """Return name and file of an argument such as `dino=vectors.npy`."""
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, Path(file)


def _by_name(files: Sequence[tuple[str, Path]]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for name, file in files:
        if name in named:
            raise ImgrecError(f"--vectors {name}=… is given twice: give one file for each name")
        named[name] = file
    return named


def _relocated(moved: Relocation) -> str:
    from imgrec.system.text import counted

    seen = f"{moved.found} of {moved.looked_for} looked for are there"
    return f"{moved.old} is {moved.new} now: {counted(moved.pictures, 'picture')}, {seen}"


def _warn(warnings: list[str]) -> None:
    from imgrec.system.file_names import printable

    for line in warnings[:_SHOWN_WARNINGS]:
        sys.stderr.write(printable(pasteable(line)) + "\n")
    if len(warnings) > _SHOWN_WARNINGS:
        sys.stderr.write(f"… and {len(warnings) - _SHOWN_WARNINGS} lines like these\n")


if __name__ == "__main__":
    sys.exit(main())
