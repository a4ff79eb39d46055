"""What Meta has said of the workspace's accounts and is not over: banners, and mails to owners."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, or_, select

from app import events
from app.actor import Actor, Permission, Role
from app.clock import utc_now
from app.db import Connection
from app.errors import NotFound
from app.ids import new_id
from app.models import Membership, Notice, User, Workspace
from app.models.enums import NoticeLevel
from app.services import notice_words
from app.services.mails import letters, post

MOST_TOLD = 50  # in one transaction
MAX_TEXT, MAX_KIND, MAX_SUBJECT = 500, 60, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """A notice as the banner shows it."""

    id: UUID
    level: NoticeLevel
    sentence: str
    remedy: str
    said_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that is said of an account; without a level it is over."""

    kind: str
    subject: str = ""
    level: NoticeLevel | None
    text: str = ""
    ends_at: dt.datetime | None = None


def list_open(session: Session, actor: Actor) -> list[NoticeView]:
    """Return what is not over and was not put away, the worst first, then the newest."""
    actor.require(Permission.NUMBER_READ)
    rows = session.exec(
        select(Notice)
        .where(
            col(Notice.workspace_id) == actor.workspace_id,
            col(Notice.ended_at).is_(None),
            col(Notice.dismissed_at).is_(None),
            or_(col(Notice.ends_at).is_(None), col(Notice.ends_at) > utc_now()),
        )
        .order_by(col(Notice.said_at).desc())
    ).all()
    worst = list(reversed(NoticeLevel))
    return [_view(row) for row in sorted(rows, key=lambda row: worst.index(row.level))]


def dismiss(session: Session, actor: Actor, notice_id: UUID) -> None:
    """Put a notice away, for the whole team; Meta's next word about it shows it again.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    actor.require(Permission.NUMBER_CONNECT)
    row = session.exec(
        select(Notice).where(
            col(Notice.workspace_id) == actor.workspace_id, col(Notice.id) == notice_id
        )
    ).first()
    if row is None:
        raise NotFound
    row.dismissed_at = utc_now()
    session.flush()
    events.ring(session, events.Bell(events.inbox_topic(actor.workspace_id)))


def put(connection: Connection, account_id: UUID, said: Said, *, at: dt.datetime) -> None:
    """Keep what is said of an account, the newest word; who put it away sees it again when new.

    System-only: the drain, and whoever has asked Meta.
    """
    connection.execute(
        """
        INSERT INTO notices AS n (id, workspace_id, account_id, kind, subject, level, text,
            said_at, ends_at, ended_at)
        SELECT %(id)s, workspace_id, id, %(kind)s, %(subject)s, %(level)s, %(text)s, %(at)s,
            %(ends_at)s, %(ended_at)s
        FROM whatsapp_accounts WHERE id = %(account)s
        ON CONFLICT (workspace_id, account_id, kind, subject) DO UPDATE SET
            level = EXCLUDED.level, text = EXCLUDED.text, said_at = EXCLUDED.said_at,
            ends_at = EXCLUDED.ends_at, ended_at = EXCLUDED.ended_at, updated_at = now(),
            told_at = CASE WHEN n.ended_at IS NULL THEN n.told_at END,
            dismissed_at = CASE WHEN n.ended_at IS NULL THEN n.dismissed_at END
        WHERE n.said_at < EXCLUDED.said_at
        """,
        {
            "id": new_id(),
            "account": account_id,
            "kind": said.kind[:MAX_KIND],
            "subject": said.subject[:MAX_SUBJECT],
            "level": (said.level or NoticeLevel.INFO).value,
            "text": said.text[:MAX_TEXT],
            "at": at,
            "ends_at": said.ends_at,
            "ended_at": None if said.level else at,
        },
    )


def tell_owners(session: Session) -> None:
    """Mail owners what they were not told yet, once for each notice. System-only: a job."""
    rows = session.exec(
        select(Notice, Workspace.name)
        .join(Workspace, col(Workspace.id) == col(Notice.workspace_id))
        .where(col(Notice.told_at).is_(None), col(Notice.ended_at).is_(None))
        .order_by(col(Notice.created_at))
        .limit(MOST_TOLD)
        .with_for_update(of=Notice, skip_locked=True)
    ).all()
    for notice, workspace_name in rows:
        notice.told_at = utc_now()
        if notice.level is NoticeLevel.INFO:
            continue
        view = _view(notice)
        for email in _owners(session, notice.workspace_id):
            letter = letters.notice(workspace_name, view.sentence, view.remedy)
            post.post(session, email, letter)


def _owners(session: Session, workspace_id: UUID) -> list[str]:
    return list(
        session.exec(
            select(User.email)
            .join(Membership, col(Membership.user_id) == col(User.id))
            .where(
                col(Membership.workspace_id) == workspace_id,
                col(Membership.role) == Role.OWNER.value,
            )
        ).all()
    )


def _view(row: Notice) -> NoticeView:
    return NoticeView(
        id=row.id,
        level=row.level,
        sentence=notice_words.sentence(row.kind, row.text),
        remedy=notice_words.remedy(row.kind),
        said_at=row.said_at,
    )
