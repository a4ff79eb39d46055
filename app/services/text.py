"""Which text can be stored: PostgreSQL takes no NUL, and half of a surrogate pair is no text."""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def is_storable(text: str) -> bool:
    """Tell whether the text can be stored as it is."""
    return not _UNSTORABLE.search(text)


def storable(text: str) -> str:
    """Return the text with U+FFFD in place of what cannot be stored."""
    return _UNSTORABLE.sub(REPLACEMENT, text)
