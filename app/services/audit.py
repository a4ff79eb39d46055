"""The workspace's diary: who did what, when, from where. Entries are added, never changed."""

from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.models import AuditEntry


def record(
    session: Session,
    workspace_id: UUID,
    action: str,
    *,
    user_id: UUID | None = None,
    subject: tuple[str, UUID] | None = None,
    ip: str | None = None,
    **details: Any,
) -> None:
    """Add an entry, in the transaction of what it tells. System-only: other services call it.

    `action` is noun.past_participle; `details` hold no secret and no message text.
    """
    session.add(
        AuditEntry(
            workspace_id=workspace_id,
            action=action,
            user_id=user_id,
            subject_type=subject[0] if subject else None,
            subject_id=subject[1] if subject else None,
            ip=ip,
            details=details,
        )
    )
