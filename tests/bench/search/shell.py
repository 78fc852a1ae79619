"""A query from the shell: the wall time and the memory of the whole process."""

import subprocess
import sys
import time

from collection import FIRST_ID, Place
from imgrec import Store
from machine import median_of
from measuring import anonymous_mb, tell

_RUNS = 7
_EVERY_S = 0.002


def measured(place: Place) -> str:
    """Return the wall time of whole processes, and the memory of one without mapped files."""
    tell(f"{place.count}: from the shell")
    with Store.open(place.store) as store:
        (entry,) = store.catalog.entries([FIRST_ID])
    command = ("-m", "imgrec.query", entry.path, "--store", str(place.store))
    least_s, middle_s, most_s = median_of(_RUNS, *command)
    return (
        f"from the shell, whole process, s: {least_s:.2f} / {middle_s:.2f} / {most_s:.2f} "
        f"(min / median / max of {_RUNS}); {_peak_mb(*command):.0f} MB without mapped files, "
        f"{_peak_mb('-c', 'import imgrec, imgrec.query'):.0f} MB of them by imports"
    )


def _peak_mb(*command: str) -> float:
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL) as process:
        peak_mb = 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, anonymous_mb(process.pid))
            time.sleep(_EVERY_S)
    return peak_mb
