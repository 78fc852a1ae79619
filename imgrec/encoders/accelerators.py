"""Whether this machine has a GPU that torch may use, found out without importing torch.

Importing torch takes seconds and some hundred megabytes. On a machine without the device files of
a GPU there is nothing to ask torch about.
"""

import os
import platform
import re
import sys
from pathlib import Path

from imgrec.errors import EncoderError

# The names that `--device` takes.
_KNOWN = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
# Of the drivers of NVIDIA, of NVIDIA below Windows (WSL), and of AMD.
_DEVICE_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def accelerated(device: str) -> bool:
    """Return True if a device name means a GPU here; an unknown name counts as one.

    Args:
        device: `auto` (CUDA, then MPS, then CPU), or a torch device name.
    """
    if device != "auto":
        return device.partition(":")[0] != "cpu"
    if not has_driver():
        return False
    from imgrec.encoders.lanes import devices_of

    return devices_of(device)[0].type != "cpu"


def check_device(device: str) -> None:
    """Check that a device can be used here; torch is imported only for a GPU with a driver.

    Args:
        device: as `--device` has it.

    Raises:
        EncoderError: its name is unknown, or this machine has no such device.
    """
    if not _KNOWN.fullmatch(device):
        raise EncoderError(
            f"the device {device!r} is unknown: give auto, cpu, cuda, cuda:1 (the second) or mps"
        )
    if device in ("auto", "cpu"):
        return
    if not has_driver():
        raise EncoderError(
            f"the device {device!r} cannot be used, no driver of a GPU is installed: give auto or "
            "cpu"
        )
    from imgrec.encoders.lanes import devices_of

    devices_of(device)


def has_driver() -> bool:
    """Return True if the driver of a GPU seems to be installed."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root, "System32", "nvcuda.dll").exists()
    return any(Path(file).exists() for file in _DEVICE_FILES)
