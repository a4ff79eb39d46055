"""Empty the outbox: keep messages on their way and record each as soon as its outcome is known."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from app import crash, db
from app.db import Connection
from app.services import turns
from app.services.locks import start_run
from app.services.outbox.claim import Claimed, claim, end_pauses
from app.services.outbox.record import expire, record
from app.services.outbox.transmit import Pacer, transmit
from app.services.turns import Turn
from app.services.whatsapp.client import Outcome

PARALLEL = 32
SHARE = 8  # of one number at a time
CLAIM_EVERY_S = 0.2


def drain(
    *,
    deadline_s: float = turns.LONGEST_S,
    should_stop: Callable[[], bool] = turns.never,
    ignore_pauses: bool = False,
) -> bool:
    """Send what is due; True when nothing that is due is left, False when the turn is over."""
    turn = Turn(deadline_s=deadline_s, should_stop=should_stop)
    with db.connect() as connection, ThreadPoolExecutor(PARALLEL, "send") as pool:
        expire(connection)
        if ignore_pauses:
            end_pauses(connection)
        return _Drain(connection, pool).run(turn)


class _Drain:
    """One run over one connection, with up to 32 messages on their way.

    No number has more than a share of them, so that one whose provider hangs delays no other.
    """

    def __init__(self, connection: Connection, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._runner = start_run(connection)
        self._pool = pool
        self._pacer = Pacer()
        self._under_way: dict[Future[Outcome], Claimed] = {}

    def run(self, turn: Turn) -> bool:
        """Send until nothing is due; False when the turn is over and something may be left."""
        while True:
            is_over = turn.is_over()
            if not is_over:
                self._start_due()
            if not self._under_way:
                return not is_over
            done, _pending = wait(self._under_way, CLAIM_EVERY_S, FIRST_COMPLETED)
            for future in done:
                crash.point("outbox.transmitted", [self._under_way[future].text])
                record(self._connection, self._under_way.pop(future), future.result())

    def _start_due(self) -> None:
        while room := PARALLEL - len(self._under_way):
            counts = Counter(one.phone_number_id for one in self._under_way.values())
            busy = [number for number, count in counts.items() if count >= SHARE]
            claimed = claim(self._connection, self._runner, limit=min(room, SHARE), busy=busy)
            crash.point("outbox.claimed", (one.text for one in claimed))
            for one in claimed:
                self._under_way[self._pool.submit(transmit, one, self._pacer)] = one
            if not claimed:
                return
