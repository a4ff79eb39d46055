"""Numbers, ids and secrets that look like Meta's, and that belong to nobody.

Business numbers lie in +1 555 0…, as Meta's own test numbers do; customers in the ranges
<area code> 555-01xx, which the North American plan keeps for fiction.
"""

import base64
import re
import secrets

import phonenumbers

AREA_CODES = (202, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 617, 646, 702, 718, 808)
WA_ID_DIGITS = re.compile(r"[1-9]\d{6,14}")
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def new_meta_id() -> str:
    """Return a 15-digit id, as numbers, accounts and apps have."""
    return f"1{secrets.randbelow(10**14):014}"


def new_business_phone() -> str:
    return f"+15550{secrets.randbelow(10**6):06}"


def new_customer_phone() -> str:
    return f"+1{secrets.choice(AREA_CODES)}55501{secrets.randbelow(100):02}"


def new_access_token() -> str:
    return "EAAsandbox" + secrets.token_hex(32)


def new_user_id() -> str:
    """Return a business-scoped user id; the country is that of the fictional numbers."""
    return f"US.{secrets.randbelow(10**17):017}"


def new_call_id() -> str:
    return f"wacid.{secrets.token_hex(16).upper()}"


def new_wamid(wa_id: str, *, is_from_customer: bool) -> str:
    """Return a message id built like Meta's: customer's number, direction, random part."""
    number = wa_id.encode()
    direction = b"\x12\x18\x14" if is_from_customer else b"\x11\x18\x12"
    key = secrets.token_hex(10).upper().encode()
    raw = b"\x1d\x18" + bytes([len(number)]) + number + b"\x15\x02\x00" + direction + key + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def wa_id_of(text: str) -> str | None:
    """Read a phone number as people write it; return its digits, None when it cannot be one."""
    digits = re.sub(r"[\s().+-]", "", text)
    return digits if WA_ID_DIGITS.fullmatch(digits) else None


def readable_phone(phone: str) -> str:
    """Group the digits of an E.164 number as its country does."""
    try:
        parsed = phonenumbers.parse("+" + phone.lstrip("+"))
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
