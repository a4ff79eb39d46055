"""For processes: a failure that an operator can mend is a sentence, and a signal is no failure."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from app import log
from app.errors import AppError
from app.problems import OperatorProblem

SIGNALS = (signal.SIGINT, signal.SIGTERM)


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


def _leave(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:  # once is enough: a second signal would interrupt the cleaning up
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
