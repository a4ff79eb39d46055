"""Categories, states and reasons of templates, as people read them."""

from app.i18n import gettext as _
from app.i18n import mark
from app.models.enums import TemplateCategory, TemplateStatus
from app.services.templates.shape import ButtonKind, HeaderKind

CATEGORIES = {
    TemplateCategory.MARKETING: mark("Marketing"),
    TemplateCategory.UTILITY: mark("Utility"),
    TemplateCategory.AUTHENTICATION: mark("Authentication"),
}
STATUSES = {
    TemplateStatus.DRAFT: mark("Draft"),
    TemplateStatus.PENDING: mark("In review"),
    TemplateStatus.APPROVED: mark("Approved"),
    TemplateStatus.REJECTED: mark("Rejected"),
    TemplateStatus.PAUSED: mark("Paused"),
    TemplateStatus.DISABLED: mark("Disabled"),
    TemplateStatus.IN_APPEAL: mark("Appealed"),
    TemplateStatus.PENDING_DELETION: mark("Being deleted"),
    TemplateStatus.DELETED: mark("Deleted"),
    TemplateStatus.LIMIT_EXCEEDED: mark("Over the limit"),
    TemplateStatus.ARCHIVED: mark("Archived"),
}
# Meta's own words for why it rejects, and what a person can do.
REASONS = {
    "ABUSIVE_CONTENT": mark("Meta finds the content abusive. Write it in a friendlier way."),
    "INVALID_FORMAT": mark(
        "The format is not allowed: variables side by side or wrongly written, or a shortened link."
    ),
    "PROMOTIONAL": mark("It promotes something. Submit it as marketing."),
    "TAG_CONTENT_MISMATCH": mark("The text does not fit its category or its language."),
    "INCORRECT_CATEGORY": mark("It belongs into another category. Choose that one."),
    "SCAM": mark("It asks for something secret, such as a password or a card number."),
}
HEADERS = {
    HeaderKind.NONE: mark("None"),
    HeaderKind.TEXT: mark("Text"),
    HeaderKind.IMAGE: mark("Picture"),
    HeaderKind.VIDEO: mark("Video"),
    HeaderKind.DOCUMENT: mark("Document"),
    HeaderKind.LOCATION: mark("Location"),
}
BUTTONS = {
    ButtonKind.QUICK_REPLY: mark("Quick reply"),
    ButtonKind.URL: mark("Open a web page"),
    ButtonKind.PHONE_NUMBER: mark("Call a number"),
    ButtonKind.COPY_CODE: mark("Copy a code"),
}


def category_name(category: TemplateCategory) -> str:
    """Return the word for a category."""
    return _(CATEGORIES[category])


def status_name(status: TemplateStatus) -> str:
    """Return the word for a state."""
    return _(STATUSES[status])


def reason_sentence(reason: str) -> str:
    """Return Meta's reason in our words; one that is new is said as it is."""
    return _(REASONS[reason]) if reason in REASONS else reason


def header_name(kind: HeaderKind) -> str:
    """Return the word for a kind of header."""
    return _(HEADERS[kind])


def button_name(kind: ButtonKind) -> str:
    """Return the words for a kind of button."""
    return _(BUTTONS[kind])
