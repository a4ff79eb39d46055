"""The tables, one noun a file. Importing this package registers all of them."""

from app.models.account import OAuthAccount, RecoveryCode, VerificationToken
from app.models.api_key import ApiKey, IdempotencyKey
from app.models.consent import ConsentEntry
from app.models.contact import Contact, ContactIdentity
from app.models.conversation import Conversation
from app.models.invitation import Invitation
from app.models.mail import Mail
from app.models.message import MediaFile, Message, MessageStatusEntry
from app.models.notice import Notice
from app.models.phone_number import PhoneNumber, WhatsAppAccount
from app.models.picture import Picture
from app.models.template import Template
from app.models.user import AuditEntry, Session, User
from app.models.webhook_event import DrainMark, MessageUnprocessed, WebhookEvent
from app.models.workspace import Membership, Plan, Subscription, Workspace

__all__ = [
    "ApiKey",
    "AuditEntry",
    "ConsentEntry",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "DrainMark",
    "IdempotencyKey",
    "Invitation",
    "Mail",
    "MediaFile",
    "Membership",
    "Message",
    "MessageStatusEntry",
    "MessageUnprocessed",
    "Notice",
    "OAuthAccount",
    "PhoneNumber",
    "Picture",
    "Plan",
    "RecoveryCode",
    "Session",
    "Subscription",
    "Template",
    "User",
    "VerificationToken",
    "WebhookEvent",
    "WhatsAppAccount",
    "Workspace",
]
