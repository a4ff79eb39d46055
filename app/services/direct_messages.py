"""Sending to a number or a contact, as programs do, rather than into an open conversation."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import NotFound, ValidationFailed
from app.ids import new_id
from app.models import Contact, Conversation, PhoneNumber
from app.models.enums import PhoneNumberStatus
from app.services import messages, plans
from app.services.messages import OutsideServiceWindow
from app.services.phone_text import e164


def send_text(
    session: Session,
    actor: Actor,
    *,
    phone_number_id: UUID,
    recipient: str | UUID,
    text: str,
) -> UUID:
    """Queue a text to a number in E.164 form or to a contact's id; returns the message's id.

    Raises:
        PermissionDenied, ValidationFailed, NotFound (a number that is not of this workspace or not
        VERIFIED, a contact that is missing), SubscriptionRequired, OutsideServiceWindow (who never
        wrote has no window): in this order; nothing is queued.
    """
    actor.require(Permission.MESSAGE_SEND)
    phone = None if isinstance(recipient, UUID) else _phone(recipient)
    _require_number(session, actor, phone_number_id)
    query = select(col(Contact.id)).where(col(Contact.workspace_id) == actor.workspace_id)
    contact_id = session.exec(
        query.where(col(Contact.id) == recipient)
        if phone is None
        else query.where(col(Contact.phone_number) == phone)
    ).first()
    if contact_id is None and phone is None:
        raise NotFound
    plans.require_sending(session, actor.workspace_id)
    conversation_id = session.exec(
        select(col(Conversation.id)).where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.contact_id) == contact_id,
            col(Conversation.phone_number_id) == phone_number_id,
        )
    ).first()
    if conversation_id is None:
        raise OutsideServiceWindow
    return messages.send_text(session, actor, conversation_id, text=text, client_ref=new_id()).id


def _phone(written: str) -> str:
    try:
        return e164(written)
    except ValidationFailed as error:
        raise ValidationFailed({"to": error.explanation}) from error


def _require_number(session: Session, actor: Actor, phone_number_id: UUID) -> None:
    found = session.exec(
        select(col(PhoneNumber.id)).where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.id) == phone_number_id,
            col(PhoneNumber.disconnected_at).is_(None),
            col(PhoneNumber.status) == PhoneNumberStatus.VERIFIED,
        )
    ).first()
    if found is None:
        raise NotFound
