"""What an export says of itself: the feature, how its vectors are compared, the sources."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from imgrec.handover.rows import Rows
from imgrec.version import __version__

FORMAT = 1
_DIGEST_BYTES = 16


def description(rows: Rows) -> dict[str, Any]:
    """Return the description of an export, as JSON values.

    Keys: `format` and `written_by`; `feature`, `dimensions`, `dtype`, `kind`; `metric`, by which
    imgrec compares the vectors where none is named; `encoder`, everything that decides the vectors,
    and its digest; `preprocessing` and its digest; `roots`, to which the column `root` is an index;
    `filter` as text; `pictures`, their number.
    """
    spec = rows.spec
    preprocessing = asdict(spec.preprocessing)
    return {
        "format": FORMAT,
        "written_by": f"imgrec {__version__}",
        "feature": spec.name,
        "dimensions": spec.dimensions,
        "dtype": rows.dtype.name,
        "kind": spec.kind,
        "metric": "cosine",
        "encoder": spec.identity(),
        "encoder_digest": digest_of(spec.identity()),
        "preprocessing": preprocessing,
        "preprocessing_digest": digest_of(preprocessing),
        "roots": rows.roots,
        "filter": str(rows.wanted),
        "pictures": len(rows.ids),
    }


def digest_of(value: object) -> str:
    """Return the BLAKE2b digest of a JSON value, 32 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
