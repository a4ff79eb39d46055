"""Webhook bodies as they came: who may send them, kept before they are answered, replayed.

Writing them is the group committer's (`app.api.intake`); reading them the drain's.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import Session, col, delete, select, update

from app import db, queue
from app.config import settings
from app.crypto import same
from app.db import after_commit
from app.errors import NotFound
from app.models import MessageUnprocessed, WebhookEvent
from app.models.enums import WebhookEventState
from app.queue import JobName
from app.services.inbound import aside, process
from app.services.secrets import Bound, open_secret
from app.services.whatsapp_accounts import ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningView:
    """What a webhook route needs to know about its account."""

    account_id: UUID | None
    app_secrets: tuple[str, ...]
    verify_token: str | None


def signing(session: Session, account_id: UUID) -> SigningView:
    """Return how bodies for this account are signed. System-only: the webhook route.

    Raises:
        NotFound: there is no such account.
    """
    row = (
        session.connection()
        .execute(text("SELECT * FROM webhook_account(:id)"), {"id": account_id})
        .one_or_none()
    )
    if row is None:
        raise NotFound
    bound = Bound(ACCOUNTS, row.workspace_id, account_id)
    secret = open_secret(row.app_secret, bound, "app_secret")
    return SigningView(
        account_id=account_id,
        app_secrets=(secret,) if secret else (),
        verify_token=open_secret(row.verify_token, bound, "verify_token"),
    )


def platform_signing() -> SigningView:
    """Return how bodies on the platform's own route are signed."""
    config = settings()
    return SigningView(
        account_id=None,
        app_secrets=(config.whatsapp_app_secret,) if config.whatsapp_app_secret else (),
        verify_token=config.whatsapp_verify_token or None,
    )


def is_verification(view: SigningView, mode: str | None, token: str | None) -> bool:
    """Tell whether Meta's verification request carries the right token."""
    return (
        mode == "subscribe"
        and bool(token and view.verify_token)
        and same(token or "", view.verify_token or "")
    )


def replay(session: Session, event_id: UUID) -> int:
    """Make an event pending again, with all its items; harmless to repeat. System-only.

    What is kept of its items comes back with it, though another delivery of the same brought it.

    Raises:
        NotFound: there is no such event.
    """
    connection = db.driver(session)
    aside.forget(connection, process.items_of(connection, event_id))
    count = _replay(session, [event_id])
    if not count:
        raise NotFound
    return count


def replay_failed(session: Session) -> int:
    """Make pending again what was unreadable or has items put aside; returns how many events.

    An event with one bad item among good ones counts as processed in the stats, but here it counts.

    System-only: the command line.
    """
    failed = session.exec(
        select(WebhookEvent.id).where(col(WebhookEvent.state) == WebhookEventState.FAILED)
    ).all()
    aside = session.exec(select(MessageUnprocessed.webhook_event_id).distinct()).all()
    return _replay(session, list({*failed, *aside}))


def _replay(session: Session, ids: list[UUID]) -> int:
    session.exec(
        delete(MessageUnprocessed).where(col(MessageUnprocessed.webhook_event_id).in_(ids))
    )
    result = session.exec(
        update(WebhookEvent)
        .where(col(WebhookEvent.id).in_(ids))
        .values(state=WebhookEventState.PENDING, error=None, processed_at=None, attempt_count=0)
    )
    after_commit(session, _ring)
    return int(result.rowcount)


def _ring() -> None:
    queue.ring(JobName.DRAIN_WEBHOOKS)


def backlog_seconds(session: Session) -> float:
    """Return the age of the oldest event that waits, 0 when none does. System-only: health."""
    oldest = session.exec(
        select(func.extract("epoch", func.now() - func.min(col(WebhookEvent.created_at)))).where(
            col(WebhookEvent.state) == WebhookEventState.PENDING
        )
    ).one()
    return float(oldest or 0)
