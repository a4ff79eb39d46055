"""The tables, one noun a file. Importing this package registers all of them."""

from app.models.contact import Contact, ContactIdentity
from app.models.conversation import Conversation
from app.models.message import MediaFile, Message, MessageStatusEntry
from app.models.phone_number import PhoneNumber, WhatsAppAccount
from app.models.user import AuditEntry, Session, User
from app.models.webhook_event import DrainMark, MessageUnprocessed, WebhookEvent
from app.models.workspace import Membership, Plan, Subscription, Workspace

__all__ = [
    "AuditEntry",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "DrainMark",
    "MediaFile",
    "Membership",
    "Message",
    "MessageStatusEntry",
    "MessageUnprocessed",
    "PhoneNumber",
    "Plan",
    "Session",
    "Subscription",
    "User",
    "WebhookEvent",
    "WhatsAppAccount",
    "Workspace",
]
