"""Words of the interface: every one goes through `gettext`, so that a translation is only a file.

Catalogues lie in `app/locale/<language>/LC_MESSAGES/messages.po`, compiled by Babel; without one
the English text in the source is what people read. The language is a context variable, set once
per request or page, so services and templates need no parameter for it.
"""

import gettext as _gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
DEFAULT_LANGUAGE = "en"

language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


@lru_cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    return _gettext.translation("messages", LOCALE_DIR, languages=[code], fallback=True)


def gettext(text: str) -> str:
    """Return `text` in the reader's language."""
    return _catalogue(language.get()).gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of the text that fits `count`, in the reader's language."""
    return _catalogue(language.get()).ngettext(singular, plural, count)


def mark(text: str) -> str:
    """Mark a text for the catalogues where it stands; it is translated where it is shown."""
    return text
