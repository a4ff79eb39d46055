"""Meta's error codes: may it be tried again, whose move is it, and what a person should know.

Source: Meta's error codes of 2026-05, and pywa 4.4. Act by code, never by title.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.i18n import mark


class Move(StrEnum):
    """Whose turn it is after a failure."""

    WAIT = "wait"  # nobody's: it is tried again by itself
    PERSON = "person"  # whoever wrote: another message, another number
    OWNER = "owner"  # whoever runs the WhatsApp account: payment, token, template
    OPERATOR = "operator"  # us


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means to us."""

    move: Move
    sentence: str
    is_retryable: bool = False


_WAIT = Meaning(
    Move.WAIT, mark("WhatsApp is busy. The message is sent again by itself."), is_retryable=True
)
_RATE = Meaning(
    Move.WAIT,
    mark("Too many messages at once. WhatsApp asks to slow down; it is sent again by itself."),
    is_retryable=True,
)
_UNREACHABLE = Meaning(
    Move.PERSON,
    mark("This number cannot receive the message: it may not be on WhatsApp, or the app is old."),
)
_WINDOW = Meaning(
    Move.PERSON,
    mark(
        "The 24-hour window has closed: more than 24 hours have passed since the customer's last"
        " message."
    ),
)
_OPTED_OUT = Meaning(Move.PERSON, mark("The customer does not want marketing messages."))
_CAP = Meaning(
    Move.PERSON,
    mark("The customer got many marketing messages lately, so WhatsApp held this one back."),
)
_PARAMETER = Meaning(
    Move.OPERATOR, mark("WhatsApp did not accept the message's form. We have been told.")
)
_MEDIA = Meaning(Move.PERSON, mark("WhatsApp could not use the file. Try another one."))
_TOKEN = Meaning(
    Move.OWNER,
    mark("WhatsApp no longer accepts this number's access token. An owner needs to renew it."),
)
_PERMISSION = Meaning(
    Move.OWNER, mark("The access token may not do this. An owner needs to check its permissions.")
)
_PAYMENT = Meaning(
    Move.OWNER,
    mark("WhatsApp refused for payment reasons. An owner needs to check the payment method."),
)
_LOCKED = Meaning(
    Move.OWNER, mark("WhatsApp restricted this business account. An owner needs to look into it.")
)
_TEMPLATE = Meaning(
    Move.OWNER, mark("The template cannot be used as it is. An owner needs to look at it.")
)
_SELF = Meaning(Move.PERSON, mark("A number cannot write to itself."))
_TEST_LIST = Meaning(
    Move.OWNER,
    mark("A test number may only write to numbers on its list. Add the customer to the list."),
)
_NAME = Meaning(
    Move.OWNER, mark("The number's display name is not approved yet, so it cannot send.")
)
_REGION = Meaning(Move.PERSON, mark("WhatsApp does not allow messages to this country."))
_SPAM = Meaning(
    Move.OWNER,
    mark("Customers reported or blocked this number too often, so WhatsApp limited it for now."),
)
_EXPERIMENT = Meaning(
    Move.PERSON, mark("WhatsApp left this message out for an experiment of its own.")
)
_UNKNOWN = Meaning(Move.OPERATOR, mark("WhatsApp refused the message for a reason we do not know."))

_PIN = Meaning(
    Move.OWNER,
    mark(
        "This is not the PIN that the number was registered with. Type that one, or reset it at"
        " Meta."
    ),
)
_PROVE_AGAIN = Meaning(
    Move.OWNER, mark("WhatsApp wants the number to be verified again. Ask for a new code.")
)
_NOT_REGISTERED = Meaning(
    Move.OWNER, mark("This number is not registered with WhatsApp. An owner needs to register it.")
)
_REGISTERED_TOO_OFTEN = Meaning(
    Move.WAIT,
    mark(
        "This number was registered too often: WhatsApp allows ten tries in 72 hours. Please wait."
    ),
    is_retryable=True,
)
_CODE_NOT_SENT = Meaning(
    Move.OWNER, mark("WhatsApp did not send a code. Wait a little, or choose the other way.")
)
_CODE_WRONG = Meaning(
    Move.OWNER, mark("This code is not right, or it is too old. Type the newest one.")
)
_NEVER_LEFT = Meaning(
    Move.WAIT,
    mark("WhatsApp could not be reached. The message is sent again by itself."),
    is_retryable=True,
)

# Our own codes: the request could not be written with what the account has; it never left.
MISCONFIGURED, NEVER_LEFT = -1, -2
# Meta's codes that say more than that one message failed.
TOKEN_ENDED, OPTED_OUT = 190, 131050
# HTTP's codes, where the answer has none of Meta's.
TOO_MANY, UNAVAILABLE = 429, 503

MEANINGS: dict[int, Meaning] = {
    MISCONFIGURED: Meaning(
        Move.OWNER,
        mark("This number is not set up so that it can send. An owner needs to connect it again."),
    ),
    NEVER_LEFT: _NEVER_LEFT,
    **dict.fromkeys((1, 2, 131000, 131016, 131057, 133004, UNAVAILABLE), _WAIT),
    **dict.fromkeys((4, 80007, 130429, 131056, TOO_MANY), _RATE),
    133005: _PIN,
    133006: _PROVE_AGAIN,
    133010: _NOT_REGISTERED,
    133016: _REGISTERED_TOO_OFTEN,
    136024: _CODE_NOT_SENT,
    136025: _CODE_WRONG,
    131026: _UNREACHABLE,
    131047: _WINDOW,
    131049: _CAP,
    OPTED_OUT: _OPTED_OUT,
    **dict.fromkeys((100, 33, 131008, 131009, 131051, 131062, 135000, 137000), _PARAMETER),
    **dict.fromkeys((131052, 131053), _MEDIA),
    131021: _SELF,
    131030: _TEST_LIST,
    131037: _NAME,
    **dict.fromkeys((131042, 131044, 131063, 131064), _PAYMENT),
    **dict.fromkeys((131031, 131045, 368), _LOCKED),
    131048: _SPAM,
    130497: _REGION,
    130472: _EXPERIMENT,
    TOKEN_ENDED: _TOKEN,
    **dict.fromkeys((0, 3, 10, *range(200, 300)), _PERMISSION),
    **dict.fromkeys(
        (
            132000,
            132001,
            132005,
            132007,
            132008,
            132012,
            132015,
            132016,
            132018,
            132068,
            132069,
        ),
        _TEMPLATE,
    ),
}


def is_specific(code: int) -> bool:
    """Tell whether the code says what is wrong; else Meta's own words say more than ours."""
    return meaning(code) not in {_UNKNOWN, _PARAMETER}


def meaning(code: int) -> Meaning:
    """Return what a code means; an unknown one is not tried again and is our move."""
    return MEANINGS.get(code, _UNKNOWN)
