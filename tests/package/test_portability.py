"""Every module can be imported where POSIX functions of Python are missing, as on Windows."""

import subprocess
import sys

import pytest

from paths import ROOT

# Libraries decide by `os.name`, which stays that of this system, so they are imported first. Then
# the names that typeshed declares for POSIX only are deleted, and our modules are imported again.
CODE = """
import importlib, os, pkgutil, signal, sys
packages = "imgrec", "graph", "projector"

def import_all():
    for package in packages:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, package + "."):
            importlib.import_module(module.name)

import_all()
ours = [name for name in sys.modules if name.partition(".")[0] in packages]
for name in ours:
    del sys.modules[name]
for module, names in {
    os: "fork forkpty getegid geteuid getgid getloadavg getpgid getuid killpg mkfifo nice "
        "posix_fadvise posix_spawn register_at_fork sched_getaffinity setsid statvfs sync uname",
    signal: "SIGALRM SIGHUP SIGKILL SIG_BLOCK SIG_SETMASK alarm pthread_sigmask setitimer sigwait",
}.items():
    for name in names.split():
        vars(module).pop(name, None)
for name in "fcntl", "grp", "pty", "pwd", "resource", "termios", "tty":
    sys.modules[name] = None
import_all()
print(len(ours))
"""


@pytest.mark.slow
def test_no_module_needs_posix_to_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules = [path for package in ("imgrec", "graph", "projector")
               for path in (ROOT / package).rglob("*.py")]  # fmt: skip
    assert int(done.stdout) == len(modules)
