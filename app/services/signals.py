"""What a customer sees of the team: that it has read, that it types; as each number is switched.

Both are courtesies: what cannot be shown is not tried again, and disturbs nobody. Each function
opens its own transaction: no network inside.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app import db, log
from app.actor import Actor, Permission
from app.errors import ProviderError
from app.models import Conversation, Message, PhoneNumber, WhatsAppAccount
from app.models.enums import MessageDirection
from app.services import whatsapp_accounts
from app.services.whatsapp import receipts
from app.services.whatsapp.client import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    credentials: Credentials
    meta_phone_number_id: str
    wamid: str
    sends_read_receipts: bool
    sends_typing: bool


def show_read(actor: Actor, conversation_id: UUID, seen: int) -> None:
    """Show the customer that everything up to a sequence number was read."""
    actor.require(Permission.CONVERSATION_READ)
    with db.transaction(actor.workspace_id) as session:
        target = _find(session, actor, conversation_id, seen)
    if target is not None and target.sends_read_receipts:
        _mark(target, is_typing=False)


def show_typing(actor: Actor, conversation_id: UUID) -> None:
    """Show the customer that somebody is answering, for 25 seconds; their messages count as read.

    WhatsApp has no other way, so it takes both switches.
    """
    actor.require(Permission.MESSAGE_SEND)
    with db.transaction(actor.workspace_id) as session:
        target = _find(session, actor, conversation_id, None)
    if target is not None and target.sends_typing and target.sends_read_receipts:
        _mark(target, is_typing=True)


def _mark(target: _Target, *, is_typing: bool) -> None:
    try:
        receipts.mark_read(
            target.credentials, target.meta_phone_number_id, target.wamid, is_typing=is_typing
        )
    except ProviderError as error:  # a refusal is one, too
        log.get(__name__).info("signal_not_shown", reason=type(error).__name__)


def _find(
    session: Session, actor: Actor, conversation_id: UUID, seen: int | None
) -> _Target | None:
    """Return the newest message of the customer, and over which number to answer."""
    query = (
        select(Message.wamid, PhoneNumber, WhatsAppAccount)
        .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
        .join(PhoneNumber, col(PhoneNumber.id) == col(Conversation.phone_number_id))
        .join(WhatsAppAccount, col(WhatsAppAccount.id) == col(PhoneNumber.account_id))
        .where(
            col(Message.workspace_id) == actor.workspace_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.direction) == MessageDirection.INBOUND,
            col(Message.wamid).is_not(None),
            col(PhoneNumber.disconnected_at).is_(None),
        )
        .order_by(col(Message.sent_at).desc(), col(Message.id).desc())
    )
    if seen is not None:
        query = query.where(col(Message.change_seq) <= seen)
    row = session.exec(query.limit(1)).first()
    if row is None:
        return None
    wamid, number, account = row
    if not wamid or not number.meta_phone_number_id:
        return None
    return _Target(
        credentials=whatsapp_accounts.credentials(account),
        meta_phone_number_id=number.meta_phone_number_id,
        wamid=wamid,
        sends_read_receipts=number.sends_read_receipts,
        sends_typing=number.sends_typing,
    )
