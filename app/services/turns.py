"""How long a drain may go on before it lets others work. System-only: the drains.

A drain returns whether it came to an end; the job that called it rings again if it did not.
"""

import time
from collections.abc import Callable

LONGEST_S = 60.0
GIVE_WAY_AFTER_S = 0.5


def never() -> bool:
    """Tell that nobody waits: for a drain with a worker to itself."""
    return False


class Turn:
    """A drain's turn, which begins when this is made.

    It is over after `deadline_s`, or as soon as `should_stop` says that others wait, but not before
    half a second has passed: two jobs that see each other waiting would give way for ever.
    """

    def __init__(
        self, *, deadline_s: float = LONGEST_S, should_stop: Callable[[], bool] = never
    ) -> None:
        self._began = time.monotonic()
        self._deadline_s = deadline_s
        self._should_stop = should_stop

    def is_over(self) -> bool:
        """Tell whether to take nothing more; to be asked between two portions of work."""
        elapsed = time.monotonic() - self._began
        if elapsed > self._deadline_s:
            return True
        return elapsed > GIVE_WAY_AFTER_S and self._should_stop()
