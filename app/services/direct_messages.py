"""Sending to a number or a contact, as programs do, rather than into an open conversation."""

from collections.abc import Callable
from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import NotFound, ValidationFailed
from app.ids import new_id
from app.models import Contact, PhoneNumber
from app.models.enums import PhoneNumberStatus
from app.services import contacts, conversations, plans, sending, template_messages
from app.services.phone_text import e164
from app.services.sending import Written
from app.services.whatsapp.outbound import TemplateBody


def send(
    session: Session,
    actor: Actor,
    *,
    phone_number_id: UUID,
    recipient: str | UUID,
    content: TemplateBody | Written,
    contact_name: str | None = None,
) -> UUID:
    """Queue a template, or another message, to a number in E.164 form or to a contact's id.

    A number that nobody has written to makes a contact of this name. Returns the message's id.

    Raises:
        PermissionDenied, ValidationFailed, NotFound (a number that is not of this workspace or not
        VERIFIED, a contact that is missing), SubscriptionRequired, TemplateNotSendable,
        OutsideServiceWindow (who never wrote has no window): in this order; nothing is queued, and
        nobody is made a contact.
    """
    actor.require(Permission.MESSAGE_SEND)
    phone = "" if isinstance(recipient, UUID) else _phone(recipient)
    write = _writer(session, actor, phone_number_id, content)
    _require_number(session, actor, phone_number_id)
    if isinstance(recipient, UUID):
        _require_contact(session, actor, recipient)
    plans.require_sending(session, actor.workspace_id)
    message = write()
    if isinstance(recipient, UUID):
        contact_id = recipient
    else:
        contact_id = contacts.ensure(session, actor, phone, name=contact_name)
    conversation_id = conversations.ensure(
        session, actor, contact_id=contact_id, phone_number_id=phone_number_id
    )
    sent = sending.send(session, actor, conversation_id, message=message, client_ref=new_id())
    return sent.id


def _writer(
    session: Session, actor: Actor, phone_number_id: UUID, content: TemplateBody | Written
) -> Callable[[], Written]:
    """Return what makes the message: a template is looked for once it may be sent."""
    if isinstance(content, TemplateBody):
        return lambda: template_messages.read(session, actor, phone_number_id, content)
    return lambda: content


def _phone(written: str) -> str:
    try:
        return e164(written)
    except ValidationFailed as error:
        raise ValidationFailed({"to": error.explanation}) from error


def _require_contact(session: Session, actor: Actor, contact_id: UUID) -> None:
    query = select(col(Contact.id)).where(
        col(Contact.workspace_id) == actor.workspace_id, col(Contact.id) == contact_id
    )
    if session.exec(query).first() is None:
        raise NotFound


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
