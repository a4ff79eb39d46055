"""Every closed set of words in the database, stored as text with a check constraint."""

from enum import StrEnum

from app.actor import Role

__all__ = [
    "ConversationStatus",
    "IdentityKind",
    "MailState",
    "MediaState",
    "MessageDirection",
    "MessageStatus",
    "MessageType",
    "PhoneNumberStatus",
    "PlanInterval",
    "Role",
    "SubscriptionStatus",
    "Theme",
    "TokenPurpose",
    "UnprocessedState",
    "UserRole",
    "UserStatus",
    "WebhookEventState",
    "WebhookEventType",
]


class UserRole(StrEnum):
    """What a user is on the platform; roles in a workspace are `Role`."""

    USER = "USER"
    ADMIN = "ADMIN"


class UserStatus(StrEnum):
    """Only ACTIVE users can sign in."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    INACTIVE = "INACTIVE"


class Theme(StrEnum):
    """What a user chose to look at."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


class TokenPurpose(StrEnum):
    """What a one-time token is good for, and for nothing else."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105  # the purpose, not a password
    # The password was right, the second factor is still missing.
    SECOND_FACTOR = "SECOND_FACTOR"
    # On the way to a provider and back; then, where a password is asked before linking.
    OAUTH = "OAUTH"
    LINK_OAUTH = "LINK_OAUTH"


class MailState(StrEnum):
    """PENDING → SENT, or FAILED after the last try."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class SubscriptionStatus(StrEnum):
    """Sending needs TRIALING, ACTIVE, or PAST_DUE within its grace period."""

    TRIALING = "TRIALING"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    UNPAID = "UNPAID"
    CANCELED = "CANCELED"


class PlanInterval(StrEnum):
    """How often a plan is paid."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class PhoneNumberStatus(StrEnum):
    """PENDING until Meta registered it, then VERIFIED; FAILED with a reason."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    FAILED = "FAILED"


class TemplateCategory(StrEnum):
    """What a template is for; it decides the price and who gets it."""

    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"


class TemplateStatus(StrEnum):
    """DRAFT was not submitted; the rest is Meta's review. Only APPROVED ones can be sent."""

    DRAFT = "DRAFT"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"
    IN_APPEAL = "IN_APPEAL"
    PENDING_DELETION = "PENDING_DELETION"
    DELETED = "DELETED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    ARCHIVED = "ARCHIVED"


class NoticeLevel(StrEnum):
    """How much something at Meta hurts: it is said, it will hurt, it hurts."""

    INFO = "INFO"
    WARNING = "WARNING"
    DANGER = "DANGER"


class ConsentSource(StrEnum):
    """How somebody said yes or no to marketing."""

    WHATSAPP = "WHATSAPP"
    KEYWORD = "KEYWORD"
    BUTTON = "BUTTON"
    REFUSAL = "REFUSAL"
    IMPORT = "IMPORT"
    API = "API"
    PERSON = "PERSON"


class IdentityKind(StrEnum):
    """How WhatsApp names a person; one contact may have several of each."""

    WA_ID = "wa_id"
    USER_ID = "user_id"
    USERNAME = "username"


class ConversationStatus(StrEnum):
    """Where a conversation stands in the team's work."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"


class MessageDirection(StrEnum):
    """Seen from the business."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageType(StrEnum):
    """Meta's words for kinds of messages; what we do not know is UNKNOWN and kept whole."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    INTERACTIVE = "interactive"
    BUTTON = "button"
    TEMPLATE = "template"
    ORDER = "order"
    SYSTEM = "system"
    EDIT = "edit"
    REVOKE = "revoke"
    CALL = "call"
    EPHEMERAL = "ephemeral"
    REQUEST_WELCOME = "request_welcome"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "MessageType":
        return cls.UNKNOWN


class MessageStatus(StrEnum):
    """A message's life. It only goes up in rank, whatever the order in which news arrives.

    outbound: queued → sending → sent → delivered → read → played
              sending → uncertain (nobody saw the outcome; a status settles it, or a person)
              failed ranks between sent and delivered: a late failure never hides a delivery
    inbound:  received
    """

    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"

    @property
    def rank(self) -> int:
        """The place in the life of a message; the higher one stays."""
        return list(MessageStatus).index(self)


class MediaState(StrEnum):
    """PENDING → STORED, or FAILED after the last try."""

    PENDING = "PENDING"
    STORED = "STORED"
    FAILED = "FAILED"


class WebhookEventType(StrEnum):
    """Who sent it."""

    WHATSAPP = "whatsapp"
    STRIPE = "stripe"


class WebhookEventState(StrEnum):
    """PENDING → PROCESSED (its bad items are in messages_unprocessed), or FAILED: unreadable."""

    PENDING = "PENDING"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"


class UnprocessedState(StrEnum):
    """WAITING for its next retry, or PARKED for a person."""

    WAITING = "WAITING"
    PARKED = "PARKED"
