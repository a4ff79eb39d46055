"""Messages made of a template: filled for a customer by a person, or written by a program."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import Conversation, PhoneNumber, Template
from app.models.enums import MessageType, TemplateStatus
from app.services import sending
from app.services.media import uploads
from app.services.messages import MessageView
from app.services.sending import Written
from app.services.templates import drafts, fill
from app.services.templates.drafts import TemplateView
from app.services.templates.fill import Values
from app.services.templates.shape import SAMPLES, own_file
from app.services.whatsapp.outbound import TemplateBody


class TemplateNotSendable(Conflict):
    """Meta has not approved it, or not any more."""

    code = "template_not_sendable"
    sentence = mark("WhatsApp sends approved templates only, and this one is not approved now.")


def list_for(session: Session, actor: Actor, conversation_id: UUID) -> list[TemplateView]:
    """Return the templates that can be sent in a conversation, by name and language.

    Raises:
        NotFound: the conversation is missing or another workspace's.
    """
    actor.require(Permission.TEMPLATE_READ)
    account_id = _account_of(session, actor, conversation_id)
    if account_id is None:
        return []
    return drafts.list_all(session, actor, whatsapp_account_id=account_id, only_sendable=True)


def send(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    template_id: UUID,
    values: Values,
    client_ref: UUID,
) -> MessageView:
    """Queue a template, filled; the same `client_ref` again returns the first message.

    What goes to Meta and what the customer reads are kept with the message.

    Raises:
        PermissionDenied, NotFound (the template is of another account, too), ValidationFailed (by
        `fill.payload`'s names), TemplateNotSendable, and whatever `sending.send` refuses.
    """
    actor.require(Permission.MESSAGE_SEND)
    account_id = _account_of(session, actor, conversation_id)
    view = drafts.view_of(drafts.find(session, actor, template_id))
    if view.account_id != account_id:
        raise NotFound
    if not view.is_sendable:
        raise TemplateNotSendable
    payload = fill.payload(view.name, view.language, view.shape, values)
    message = _written(payload, view, values)
    if (file_id := own_file(values.media)) is not None:
        _require_fitting(session, actor, view, file_id)
        message = replace(message, file_id=file_id)
    return sending.send(session, actor, conversation_id, message=message, client_ref=client_ref)


def _require_fitting(session: Session, actor: Actor, view: TemplateView, file_id: UUID) -> None:
    file = uploads.get(session, actor, file_id)
    if file.content_type not in SAMPLES.get(view.shape.header, frozenset()):
        raise ValidationFailed({"media": _("This file is not of the header's kind.")})


def read(session: Session, actor: Actor, phone_number_id: UUID, body: TemplateBody) -> Written:
    """Return the message that a program wrote as Meta writes it.

    A template that we do not know is Meta's to judge: its text is not known here then.

    Raises:
        NotFound: the number is missing or another workspace's.
        TemplateNotSendable: we know it, and Meta would not send it.
    """
    actor.require(Permission.MESSAGE_SEND)
    number = session.exec(
        select(PhoneNumber).where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.id) == phone_number_id,
        )
    ).first()
    if number is None:
        raise NotFound
    row = session.exec(
        select(Template).where(
            col(Template.workspace_id) == actor.workspace_id,
            col(Template.account_id) == number.account_id,
            col(Template.name) == body.name,
            col(Template.language) == body.language.code,
            col(Template.status).not_in([TemplateStatus.DRAFT, TemplateStatus.DELETED]),
        )
    ).first()
    payload = body.model_dump(exclude_none=True)
    if row is None:
        return Written(type=MessageType.TEMPLATE, content=payload, text=None)
    if row.status is not TemplateStatus.APPROVED:
        raise TemplateNotSendable
    view = drafts.view_of(row)
    return _written(payload, view, fill.values_of(view.shape, body.components or []))


def _written(payload: dict[str, Any], view: TemplateView, values: Values) -> Written:
    """Return the message: Meta's member, and beside it what we have to know of the template."""
    buttons = [button.text for button in view.shape.buttons if button.text]
    return Written(
        type=MessageType.TEMPLATE,
        content=payload
        | {"category": view.category.value}
        | ({"buttons": buttons} if buttons else {}),
        text=fill.rendered(view.shape, values),
    )


def _account_of(session: Session, actor: Actor, conversation_id: UUID) -> UUID | None:
    """Return the WhatsApp account over which a conversation goes."""
    row = session.exec(
        select(PhoneNumber.account_id)
        .join(
            Conversation,
            (col(Conversation.phone_number_id) == col(PhoneNumber.id))
            & (col(Conversation.workspace_id) == col(PhoneNumber.workspace_id)),
        )
        .where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.id) == conversation_id,
        )
    ).all()
    if not row:
        raise NotFound
    return row[0]
