"""Fetch the files of messages: claim (transaction) → fetch (no session) → record (transaction).

System-only: a job and the command line. A link of WhatsApp's lives for five minutes, so both are
done in one go; an id lives for seven days, so a fetch that failed is tried again.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from app import db
from app.services.media.claim import Claimed, claim, end_pauses
from app.services.media.fetch import Lost, fetch
from app.services.media.keep import Kept
from app.services.media.record import record
from app.services.turns import LONGEST_S, Turn, never

PARALLEL = 6
LOOK_EVERY_S = 0.2


def drain(
    *,
    deadline_s: float = LONGEST_S,
    should_stop: Callable[[], bool] = never,
    ignore_pauses: bool = False,
) -> bool:
    """Fetch what is due; True when nothing that is due is left, False when the turn is over."""
    turn = Turn(deadline_s=deadline_s, should_stop=should_stop)
    under_way: dict[Future[Kept | Lost], Claimed] = {}
    with db.connect() as connection, ThreadPoolExecutor(PARALLEL, "fetch") as pool:
        if ignore_pauses:
            end_pauses(connection)
        while True:
            is_over = turn.is_over()
            if not is_over and (room := PARALLEL - len(under_way)):
                for one in claim(connection, limit=room):
                    under_way[pool.submit(fetch, one)] = one
            if not under_way:
                return not is_over
            done, _pending = wait(under_way, LOOK_EVERY_S, FIRST_COMPLETED)
            for future in done:
                record(connection, under_way.pop(future), future.result())
