"""The people a workspace talks to."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import NotFound
from app.ids import new_id
from app.models import Contact

MAX_NAME = 200


def ensure(session: Session, actor: Actor, phone_number: str, *, name: str | None = None) -> UUID:
    """Return the contact with this number, made if there is none; a known one keeps its name.

    System-only: whoever writes to somebody has asked for the permission.
    """
    made = insert(Contact).values(
        id=new_id(),
        workspace_id=actor.workspace_id,
        phone_number=phone_number,
        name=(name or "").strip()[:MAX_NAME] or None,
    )
    session.connection().execute(made.on_conflict_do_nothing())
    return session.exec(
        select(col(Contact.id)).where(
            col(Contact.workspace_id) == actor.workspace_id,
            col(Contact.phone_number) == phone_number,
        )
    ).one()


def fillings(session: Session, actor: Actor, contact_id: UUID) -> dict[str, str]:
    """Return what is known of a contact, by the names that variables of templates often have.

    Raises:
        NotFound: the contact is missing or another workspace's.
    """
    actor.require(Permission.CONVERSATION_READ)
    row = session.exec(
        select(Contact).where(
            col(Contact.workspace_id) == actor.workspace_id, col(Contact.id) == contact_id
        )
    ).first()
    if row is None:
        raise NotFound
    name = row.name or row.profile_name or ""
    first, _space, last = name.partition(" ")
    known: dict[str, Any] = {
        "first_name": first,
        "name": name,
        "last_name": last,
        "phone_number": row.phone_number,
        **row.custom_fields,
    }
    return {key: str(value) for key, value in known.items() if value}
