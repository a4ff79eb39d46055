"""Phone numbers as text: their one stored form, and how people write them."""

import phonenumbers

from app.errors import ValidationFailed
from app.i18n import gettext as _

MIN_DIGITS, MAX_DIGITS = 7, 15  # ITU-T E.164 sets the upper limit


def e164(value: str) -> str:
    """Return a number in its E.164 form: +, a country code that exists, 7 to 15 digits in all.

    Whether a country has numbers of that length is not asked: WhatsApp uses lengths that the
    tables of numbering plans do not know, as in +521… for Mexico.

    Raises:
        ValidationFailed: it cannot be a phone number, or it says more than one (an extension).
    """
    written = value.strip()
    try:
        parsed = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        parsed = None
    # The library reads letters as the keys of a telephone: +1800FLOWERS would be a number to it.
    has_letters = any(character.isalpha() for character in written)
    if parsed is None or parsed.extension or has_letters or not written.startswith("+"):
        raise ValidationFailed(
            {"phone_number": _("Write the number with + and its country code, like +447700900148.")}
        )
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not MIN_DIGITS <= len(number) - 1 <= MAX_DIGITS:
        raise ValidationFailed(
            {"phone_number": _("A phone number has 7 to 15 digits, the country code included.")}
        )
    return number


def pretty(e164_number: str) -> str:
    """Return a number grouped as people write it; as it is when it is unusual."""
    try:
        parsed = phonenumbers.parse(e164_number, None)
    except phonenumbers.NumberParseException:
        return e164_number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
