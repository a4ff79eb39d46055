"""How many pages a session may build, and how many frames a socket may send. Per process."""

import time
from collections import deque
from collections.abc import Hashable

MAX_KEYS = 10_000


class Bucket:
    """So many a second, and a burst at once. A refused one costs nothing."""

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable) -> bool:
        """Count one; False when it is too much."""
        now = time.monotonic()
        tokens, last = self._left.get(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - last) * self._per_s)
        self._left[key] = (max(tokens - 1, 0), now)
        return tokens >= 1

    def forget(self, key: Hashable) -> None:
        """Stop counting for somebody who is gone."""
        self._left.pop(key, None)


class Window:
    """So many within the seconds before now."""

    def __init__(self, *, amount: int, seconds: float) -> None:
        self._amount = amount
        self._seconds = seconds
        self._times: dict[Hashable, deque[float]] = {}

    def wait_s(self, key: Hashable) -> float:
        """Count one and return 0; or count nothing and return in how many seconds one is free."""
        now = time.monotonic()
        if len(self._times) >= MAX_KEYS:
            self._forget_before(now - self._seconds)
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._amount:
            return times[0] + self._seconds - now
        times.append(now)
        return 0.0

    def _forget_before(self, moment: float) -> None:
        for key in [key for key, times in self._times.items() if not times or times[-1] <= moment]:
            del self._times[key]
