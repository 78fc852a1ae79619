"""Whether this machine has a GPU that torch may use, found out without importing torch.

Importing torch takes seconds and some hundred megabytes. On a machine without the device files of
a GPU there is nothing to ask torch about.
"""

import os
import platform
import sys
from pathlib import Path

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


def has_driver() -> bool:
    """Return True if the driver of a GPU seems to be installed."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return Path(root, "System32", "nvcuda.dll").exists()
    return any(Path(file).exists() for file in _DEVICE_FILES)
