"""Children that end with their parent: a killed process leaves nothing running behind it."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1

# Loaded here, because a child between fork and exec must not wait for a lock of another thread.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the thread that forked us ends. Call in the child."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
