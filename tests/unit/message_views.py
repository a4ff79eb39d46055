"""Messages as pages get them, made without a database."""

from typing import Any

from app.clock import utc_now
from app.ids import new_id
from app.models.enums import MessageDirection, MessageStatus, MessageType
from app.services.messages import MessageView, ReferenceView


def message_view(
    kind: MessageType,
    text: str | None = None,
    *,
    content: dict[str, Any] | None = None,
    direction: MessageDirection = MessageDirection.INBOUND,
    **members: Any,
) -> MessageView:
    """Make a message of a customer, or of ours; further arguments are the view's members."""
    given: dict[str, Any] = {
        "client_ref": None, "status": MessageStatus.RECEIVED, "context": None, "error": None,
        "sent_at": utc_now(), "change_seq": 1, "sender_name": None, "is_echo": False,
    } | members  # fmt: skip
    return MessageView(
        id=new_id(),
        conversation_id=new_id(),
        direction=direction,
        type=kind,
        text=text,
        content=content or {},
        **given,
    )


def reference(direction: MessageDirection, text: str | None = "Hello") -> ReferenceView:
    """Make what a message answers or changes."""
    return ReferenceView(
        id=new_id(),
        direction=direction,
        type=MessageType.TEXT,
        text=text,
        content={},
        is_echo=False,
        sender_name=None,
    )
