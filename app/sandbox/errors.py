"""Meta's errors: which code answers with which HTTP status, title and body.

Source: Meta's error code page (copy of 2026-05-15). Programs act by `code`; the texts are Meta's
own English and are not translated.
"""

import secrets
from http import HTTPStatus
from typing import Any

HELP_URL = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
TRANSIENT = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 133004})
OTHER_TITLE = "Unknown error code"

CODES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    2200: (400, "Callback verification failed"),
    2500: (400, "Unknown path components"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Business Account locked"),
    131037: (
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
    ),
    131042: (400, "Business eligibility payment issue"),
    131044: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
    ),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Business Account is in maintenance mode"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Template Hydrated Text Too Long"),
    132007: (400, "Template Format Character Policy Violated"),
    132008: (400, "Template parameter value is not valid"),
    132012: (400, "Template Parameter Format Mismatch"),
    132015: (400, "Template is Paused"),
    132016: (400, "Template is Disabled"),
    132018: (400, "Template parameter value has a line break"),
    132068: (400, "Flow is in blocked state"),
    132069: (400, "Flow is in throttled state"),
    133004: (503, "Server Temporarily Unavailable"),
    133005: (400, "Two step verification PIN Mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133010: (400, "Phone number not registered"),
    133016: (400, "Account register deregister rate limit exceeded"),
    135000: (400, "Generic user error"),
    136024: (400, "Verification code could not be sent"),
    136025: (400, "Verify code error"),
    137000: (400, "Identity key mismatch"),
}

DETAILS: dict[int, str] = {
    130429: "Cloud API message throughput has been reached.",
    131026: "Message Undeliverable.",
    131047: (
        "Message failed to send because more than 24 hours have passed since the customer "
        "last replied to this number."
    ),
    131048: "Message failed to send because there are restrictions on how many messages can be "
    "sent from this phone number.",
    131056: (
        "Message failed to send because there were too many messages sent from this phone "
        "number to the same phone number in a short period of time."
    ),
}


class GraphError(Exception):
    """An answer of Graph that is not a success."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        details: str | None = None,
        subcode: int | None = None,
        status: int | None = None,
        kind: str = "OAuthException",
    ) -> None:
        self.code = code
        self.status, title = CODES.get(code, (HTTPStatus.BAD_REQUEST, OTHER_TITLE))
        self.status = status or self.status
        self.message = message or f"(#{code}) {title}"
        self.details = details or DETAILS.get(code)
        self.subcode = subcode
        self.kind = kind
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.code in TRANSIENT:
            error["is_transient"] = True
        return {"error": {**error, "fbtrace_id": f"A{secrets.token_urlsafe(16)}"}}


def status_error(code: int) -> dict[str, Any]:
    """Return a member of `errors` in a status webhook."""
    _, title = CODES.get(code, (HTTPStatus.BAD_REQUEST, OTHER_TITLE))
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": DETAILS.get(code, title)},
        "href": HELP_URL,
    }


def bad_token() -> GraphError:
    return GraphError(190, "Invalid OAuth access token - Cannot parse access token")


def expired_token() -> GraphError:
    return GraphError(190, "Error validating access token: Session has expired", subcode=463)


def unknown_object(method: str, object_id: str) -> GraphError:
    """Meta answers alike for what does not exist and for what the token may not see."""
    verb = {"GET": "get", "DELETE": "delete"}.get(method, "post")
    return GraphError(
        100,
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        "Graph API documentation at https://developers.facebook.com/docs/graph-api",
        subcode=33,
        kind="GraphMethodException",
    )


def refusal(fail_with: str) -> GraphError:
    """Return the failure that the control page asked for."""
    if fail_with == "503":
        return GraphError(2, "Service temporarily unavailable", status=503)
    if fail_with == "429":
        return GraphError(4, "(#4) Application request limit reached", status=429)
    return GraphError(int(fail_with))
