"""Which text can be stored, be a name, be an address.

PostgreSQL takes no NUL, and half of a surrogate pair is no text.
"""

import re

import email_validator
from email_validator import EmailNotValidError, validate_email

# Self-hosted installations have addresses like ana@shop.local; a mail that arrives is the proof.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
MAX_NAME = 120

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def is_storable(text: str) -> bool:
    """Tell whether the text can be stored as it is."""
    return not _UNSTORABLE.search(text)


def storable(text: str) -> str:
    """Return the text with U+FFFD in place of what cannot be stored."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def is_name(text: str) -> bool:
    """Tell whether this can be the name of a person or of a thing."""
    return 1 <= len(text.strip()) <= MAX_NAME and is_storable(text)


def normal_address(email: str) -> str:
    """Return an e-mail address in its normal form, or nothing where it is none."""
    if not is_storable(email):
        return ""
    try:
        return validate_email(
            email.strip(), check_deliverability=False, globally_deliverable=False
        ).normalized
    except EmailNotValidError:
        return ""
