"""What our processes have in common: how they end, and that they seldom look for garbage.

A failure that an operator can mend ends a process with a sentence, and a signal is no failure.
"""

import ctypes
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from app import log
from app.errors import AppError
from app.problems import OperatorProblem

PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM)

# Loaded here, because a child between fork and exec must not wait for a lock of another thread.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@contextmanager
def orderly() -> Iterator[None]:
    """End the process with status 1 and a sentence on standard error when the block fails.

    Ctrl-C and SIGTERM leave the block in order, with status 0, until what runs in it handles them.
    """
    for number in SIGNALS:
        signal.signal(number, _leave)
    try:
        yield
    except (AppError, OperatorProblem) as error:
        _say(error.explanation)
        sys.exit(1)
    except Exception:  # noqa: BLE001  # the edge: the traceback goes to the log
        log.get(__name__).exception("process_failed")
        _say("Something went wrong that nobody foresaw. The log above says what.")
        sys.exit(1)


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the thread that forked us ends. Call in the child."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def settle_memory() -> None:
    """Call once everything is imported: those objects stay, so never look through them again.

    A full collection over NiceGUI takes 67 ms: it was the slowest percent of webhooks, and a third
    of the time of a drain.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _leave(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:  # once is enough: a second signal would interrupt the cleaning up
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
