"""Commands as whole processes, beside the start of Python with numpy."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

from imgrec import Options, Store, index_folders
from imgrec.samples import write_samples
from ratio import Ratio, children_cpu_s, in_turns
from running import main_of

_PICTURES = 300


def ratios(work: Path) -> list[Ratio]:
    """Return a query and an index run without anything new, from the shell."""
    write_samples(work / "pictures", _PICTURES)
    store = work / "store"
    index_folders([work / "pictures"], store, Options(encoders=("mini",)))
    with Store.open(store) as opened:
        entry = opened.catalog.entries(opened.catalog.ids("ok")[:1])[0]
    commands = {
        "query": ("imgrec.query", entry.location, "--store", str(store)),
        "index, nothing new": ("imgrec.index", "--store", str(store), "--quiet"),
    }
    return [
        in_turns(
            f"shell: {name} / python -c 'import numpy' (CPU)",
            lambda command=command: _run("-m", *command),
            lambda: _run("-c", "import numpy"),
            clock=children_cpu_s,
        )
        for name, command in commands.items()
    ]


def _run(*command: str) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main_of(ratios))
