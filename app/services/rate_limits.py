"""How often somebody may try: counted in Redis for all machines, and in this process beside it.

Every try is counted in both. While Redis is away the process's own count decides, which knows all
that was tried here: never more open than before. Windows slide, so that the turn of an hour gives
nobody a second ration.
"""

import ipaddress
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from app import log
from app.config import settings
from app.errors import RateLimited

MINUTE, HOUR, DAY = 60, 3600, 86_400
REDIS_TIMEOUT_S = 0.5
RETRY_REDIS_S = 2.0


class Limit(StrEnum):
    """What is limited; each is counted for its own kind of key."""

    SIGN_IN_ACCOUNT = "sign_in_account"
    SIGN_IN_ADDRESS = "sign_in_address"
    SIGN_UP_ADDRESS = "sign_up_address"
    RESET_ACCOUNT = "reset_account"
    RESET_ADDRESS = "reset_address"
    VERIFY_ACCOUNT = "verify_account"
    VERIFY_ADDRESS = "verify_address"
    SECOND_FACTOR_ACCOUNT = "second_factor_account"
    INVITE_WORKSPACE = "invite_workspace"
    FOUND_ACCOUNT = "found_account"
    CONTACT_ADDRESS = "contact_address"
    EXPORT_ACCOUNT = "export_account"
    REPORT_ADDRESS = "report_address"


# Tries, and within how many seconds.
AMOUNTS: dict[Limit, tuple[int, int]] = {
    Limit.SIGN_IN_ACCOUNT: (10, 15 * MINUTE),
    Limit.SIGN_IN_ADDRESS: (40, 15 * MINUTE),
    Limit.SIGN_UP_ADDRESS: (10, HOUR),
    Limit.RESET_ACCOUNT: (3, HOUR),
    Limit.RESET_ADDRESS: (20, HOUR),
    Limit.VERIFY_ACCOUNT: (5, HOUR),
    Limit.VERIFY_ADDRESS: (30, HOUR),
    Limit.SECOND_FACTOR_ACCOUNT: (5, 15 * MINUTE),
    Limit.INVITE_WORKSPACE: (50, DAY),
    Limit.FOUND_ACCOUNT: (5, DAY),
    Limit.CONTACT_ADDRESS: (5, HOUR),
    Limit.EXPORT_ACCOUNT: (10, HOUR),
    Limit.REPORT_ADDRESS: (20, MINUTE),
}


@dataclass(frozen=True, slots=True)
class Ration:
    """What is left of a limit after a try."""

    limit: int
    remaining: int
    reset_at: int
    is_allowed: bool

    @property
    def retry_after_s(self) -> int:
        """Seconds until a try counts again."""
        return max(1, self.reset_at - int(time.time()))


class Limiter:
    """Counts in Redis and in this process; the stricter of the two decides."""

    def __init__(self) -> None:
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        self._away_until = 0.0

    def take(self, item: RateLimitItem, *keys: str) -> Ration:
        """Count one try and tell whether it is allowed. A refused try is not counted."""
        is_allowed = self._local.hit(item, *keys)
        if is_allowed and (shared := self._redis()):
            try:
                is_allowed = shared.hit(item, *keys)
                stats = shared.get_window_stats(item, *keys)
                return _ration(item, stats, is_allowed=is_allowed)
            except StorageError as error:
                self._away_until = time.monotonic() + RETRY_REDIS_S
                log.get(__name__).warning("limits_without_redis", error=type(error).__name__)
        return _ration(item, self._local.get_window_stats(item, *keys), is_allowed=is_allowed)

    def forget(self, item: RateLimitItem, *keys: str) -> None:
        """Count from nothing again."""
        self._local.clear(item, *keys)
        if shared := self._redis():
            try:
                shared.clear(item, *keys)
            except StorageError:
                self._away_until = time.monotonic() + RETRY_REDIS_S

    def _redis(self) -> MovingWindowRateLimiter | None:
        if time.monotonic() < self._away_until:
            return None
        if self._shared is None:
            storage = RedisStorage(
                settings().redis_url.replace("unix://", "redis+unix://", 1),
                wrap_exceptions=True,
                socket_timeout=REDIS_TIMEOUT_S,
                socket_connect_timeout=REDIS_TIMEOUT_S,
            )
            self._shared = MovingWindowRateLimiter(storage)
        return self._shared


_making = threading.Lock()


def _limiter(redis_url: str) -> Limiter:
    """Return this process's limiter; two made at once would each count for themselves."""
    with _making:
        return _limiter_of(redis_url)


@lru_cache(maxsize=4)
def _limiter_of(_redis_url: str) -> Limiter:
    return Limiter()


def require(*tries: tuple[Limit, str]) -> None:
    """Count a try under each of the limits.

    Raises:
        RateLimited: one of them is used up.
    """
    limiter = _limiter(settings().redis_url)
    rations = [limiter.take(_item(limit), key) for limit, key in tries]
    if refused := [ration.retry_after_s for ration in rations if not ration.is_allowed]:
        raise RateLimited(max(refused))


def forget(limit: Limit, key: str) -> None:
    """Count from nothing again: the tries have led to a success."""
    _limiter(settings().redis_url).forget(_item(limit), key)


def forget_all() -> None:
    """Forget what this process has counted; Redis keeps its own."""
    _limiter_of.cache_clear()


def take_call(key_id: str, per_minute: int) -> Ration:
    """Count one call of the REST API."""
    item = RateLimitItemPerMinute(per_minute, 1, namespace="api")
    return _limiter(settings().redis_url).take(item, key_id)


def address_key(address: str | None) -> str:
    """Return what an address is counted as: a household of IPv6 has 2^64 of them."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 6:  # noqa: PLR2004  # the version's name
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def account_key(email: str) -> str:
    """Return what an account is counted as, whether it exists or not."""
    return email.strip().lower()[:254]


def _item(limit: Limit) -> RateLimitItem:
    amount, seconds = AMOUNTS[limit]
    return RateLimitItemPerSecond(amount, seconds, namespace=limit.value)


def _ration(item: RateLimitItem, stats: tuple[float, int], *, is_allowed: bool) -> Ration:
    return Ration(
        limit=item.amount,
        remaining=max(0, stats[1]),
        reset_at=int(stats[0]) + 1,
        is_allowed=is_allowed,
    )
