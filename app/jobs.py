"""Every background job, and when the clock rings for it.

A job answers its bell, opens what it needs, calls a service, and rings again if it gave way.
Arguments are none or JSON; the work is in tables. Running one twice is harmless.
"""

from collections.abc import Callable

from app import db, log, queue
from app.actor import Actor
from app.errors import AppError
from app.queue import JobName, Lane
from app.services import notices, number_health, tidy
from app.services.inbound import drain as inbound
from app.services.mails import drain as mails
from app.services.media import drain as media
from app.services.media import unused
from app.services.outbox import drain as outbox

# Seconds between rings. The drains ring by themselves when work comes; this is the net below.
SCHEDULE: dict[JobName, int] = {
    JobName.SWEEP: 5,
    JobName.TIDY: 3600,
    JobName.CHECK_NUMBERS: 3600,
}


def drain_webhooks() -> None:
    """Apply stored webhook bodies."""
    _drain(JobName.DRAIN_WEBHOOKS, Lane.INBOUND, inbound.drain)


def drain_outbox() -> None:
    """Send queued messages."""
    _drain(JobName.DRAIN_OUTBOX, Lane.OUTBOUND, outbox.drain)


def drain_mail() -> None:
    """Send letters."""
    _drain(JobName.DRAIN_MAIL, Lane.BACKGROUND, mails.drain)


def drain_media() -> None:
    """Fetch the files of messages."""
    _drain(JobName.DRAIN_MEDIA, Lane.MEDIA, media.drain)


def sweep() -> None:
    """Ring for whatever a lost bell, a dead worker or a retry pause has left."""
    queue.answer(JobName.SWEEP)
    with db.transaction(role=db.DbRole.DRAIN) as session:
        notices.tell_owners(session)
    tidy.take_up()
    waiting = tidy.waiting()
    if waiting.webhooks:
        queue.ring(JobName.DRAIN_WEBHOOKS)
    if waiting.outbox:
        queue.ring(JobName.DRAIN_OUTBOX)
    if waiting.mail:
        queue.ring(JobName.DRAIN_MAIL)
    if waiting.media:
        queue.ring(JobName.DRAIN_MEDIA)


def check_numbers() -> None:
    """Ask Meta how the numbers are that were not looked at for hours."""
    queue.answer(JobName.CHECK_NUMBERS)
    with db.transaction(role=db.DbRole.DRAIN) as session:
        found = number_health.list_stale(session)
    for workspace_id, number_id in found:
        try:
            number_health.check(Actor.system(workspace_id), number_id)
        except AppError as error:  # Meta is away, or the number went meanwhile
            log.get(__name__).info("number_not_checked", code=error.code)


def tidy_up() -> None:
    """Remove what is long over."""
    queue.answer(JobName.TIDY)
    tidy.purge()
    unused.purge()


def _drain(name: JobName, lane: Lane, drain: Callable[..., bool]) -> None:
    """Let a drain have its turn; ring again if it gave way before it came to an end."""
    queue.answer(name)
    if not drain(should_stop=lambda: queue.is_waiting(lane)):
        queue.ring(name)
