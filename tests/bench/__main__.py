"""`make bench`: measures the stages on this machine, compared with named alternatives."""

import argparse
import sys
import tempfile
from pathlib import Path

import agreement
import decoding
import encoder
import engines
import imgrec
import indexing
import pages
import precision
import query
import relation
import rescan
import stages
import words
from machine import described


def main() -> int:
    """Run all measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="photos, one folder for each class")
    parser.add_argument(
        "--count", type=int, default=3000, help="sample pictures, if there is no --images"
    )
    files = "unchanged files in the rescan"
    parser.add_argument("--files", type=int, default=100_000, help=files)
    arguments = parser.parse_args()
    out = sys.stdout
    out.write(f"# imgrec {imgrec.__version__}\n\n{described()}\n")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        out.write("\n## Sample collection\n\n" + indexing.rendering(work))
        photos = arguments.images or indexing.sample(work, arguments.count)
        out.write(f"\n## Indexing ({photos.name})\n\n" + indexing.measured(photos, work / "store"))
        out.write("\n## Decoding\n\n" + decoding.measured(arguments.images))
        out.write("\n## Rescan\n\n" + rescan.measured(work, arguments.files))
        out.write("\n## Encoder\n\n" + encoder.measured(photos, work))
        out.write("\n## Query from the shell\n\n" + query.measured(work / "store"))
        if arguments.images:
            out.write("\n## Engines of lite0\n\n" + engines.measured(photos, work))
            out.write("\n## Precision\n\n" + precision.table(photos, work))
            out.write("\n## Words\n\n" + words.table(precision.joint(work)))
        of_features = precision.joint(work) if arguments.images else work / "store"
        out.write(f"\n## Communities ({photos.name})\n\n" + agreement.table(of_features))
        out.write("\n## Relation\n\n" + relation.measured(work))
        out.write("\n## Stages\n\n" + stages.measured(work))
        out.write(f"\n## Pages ({photos.name})\n\n" + pages.measured(work / "store", work))
    return 0


if __name__ == "__main__":
    sys.exit(main())
