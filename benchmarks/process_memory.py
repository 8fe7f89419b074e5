"""How much memory a call needs. Read from /proc, which only Linux has."""

import ctypes
import gc
import re
from pathlib import Path


def added_at_peak(call):
    """MiB of resident memory that this process has at its peak during a call beyond what it had before."""
    gc.collect()
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(-3, 1 << 16)  # M_MMAP_THRESHOLD: larger arrays go back to the system when they are freed
    libc.malloc_trim(0)  # so does what is free now
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak is now what the process has
    before = _kibibytes("VmRSS")
    call()
    return max(0, _kibibytes("VmHWM") - before) / 1024


def _kibibytes(entry):
    text = Path("/proc/self/status").read_text("ascii")
    return int(re.search(rf"{entry}:\s+(\d+) kB", text)[1])
