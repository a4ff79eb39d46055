"""Business numbers."""

from uuid import UUID

from pydantic import Field

from app.actor import Permission
from app.api.rest.operation import CurrentCall, asking, new_router, operation
from app.api.rest.shapes import Answer, Body, Moment, Text
from app.models.enums import PhoneNumberStatus
from app.services import phone_numbers, registration
from app.services.phone_numbers import PhoneNumberView
from app.services.registration import CodeMethod

router = new_router("Phone numbers")


class PhoneNumber(Answer):
    """A number of the workspace."""

    id: UUID
    phone_number: str
    display_name: str | None
    status: PhoneNumberStatus
    status_reason: str | None
    is_sandbox: bool
    verified_at: Moment | None
    quality_rating: str | None
    messaging_limit: str | None
    name_status: str | None
    created_at: Moment


class OnePhoneNumber(Answer):
    """One number."""

    phone_number: PhoneNumber


class PhoneNumbers(Answer):
    """The workspace's numbers, oldest first."""

    phone_numbers: list[PhoneNumber]
    next_cursor: str | None = None


class NewPhoneNumber(Body):
    """A number to add."""

    phone_number: Text = Field(max_length=40)
    display_name: Text = Field(min_length=1, max_length=100)


class Renamed(Body):
    """Another name for the team to see."""

    display_name: Text = Field(min_length=1, max_length=100)


class CodeWish(Body):
    """How, and in which language, Meta should tell the code."""

    method: CodeMethod = Field(default=CodeMethod.SMS, strict=False)
    language: Text = "en_US"


class Code(Body):
    """The code that the number was sent."""

    code: Text = Field(max_length=20)


class Pin(Body):
    """The PIN of two-step verification; without one, one is made and kept."""

    pin: Text | None = None


@router.get("/phone-numbers")
@operation(Permission.NUMBER_READ)
def list_phone_numbers(call: CurrentCall) -> PhoneNumbers:
    """Return every connected number."""
    found = phone_numbers.list_all(call.session, call.actor)
    return PhoneNumbers(phone_numbers=[PhoneNumber.model_validate(one) for one in found])


@router.post("/phone-numbers", status_code=201)
@operation(Permission.NUMBER_CONNECT)
def add_phone_number(call: CurrentCall, body: NewPhoneNumber) -> OnePhoneNumber:
    """Add a number; it is PENDING until it is verified and registered."""
    added = phone_numbers.add(
        call.session, call.actor, phone_number=body.phone_number, display_name=body.display_name
    )
    return _one(added)


@router.get("/phone-numbers/{id}")
@operation(Permission.NUMBER_READ)
def get_phone_number(call: CurrentCall, id: UUID) -> OnePhoneNumber:  # noqa: A002  # as documented
    """Return one number."""
    return _one(phone_numbers.get(call.session, call.actor, id))


@router.patch("/phone-numbers/{id}")
@operation(Permission.NUMBER_CONNECT)
def rename_phone_number(call: CurrentCall, id: UUID, body: Renamed) -> OnePhoneNumber:  # noqa: A002  # same
    """Change the name under which the team sees the number."""
    renamed = phone_numbers.rename(call.session, call.actor, id, display_name=body.display_name)
    return _one(renamed)


@router.delete("/phone-numbers/{id}", status_code=204)
@operation(Permission.NUMBER_CONNECT)
def disconnect_phone_number(call: CurrentCall, id: UUID) -> None:  # noqa: A002  # same
    """Let go of the number; its conversations stay."""
    phone_numbers.disconnect(call.session, call.actor, id)


@router.post("/phone-numbers/{id}/request-code")
@asking(Permission.NUMBER_CONNECT)
def request_code(call: CurrentCall, id: UUID, body: CodeWish) -> OnePhoneNumber:  # noqa: A002  # same
    """Have Meta send a code to the number."""
    asked = registration.request_code(call.actor, id, method=body.method, language=body.language)
    return _one(asked)


@router.post("/phone-numbers/{id}/verify-code")
@asking(Permission.NUMBER_CONNECT)
def verify_code(call: CurrentCall, id: UUID, body: Code) -> OnePhoneNumber:  # noqa: A002  # same
    """Show Meta the code."""
    return _one(registration.verify_code(call.actor, id, code=body.code))


@router.post("/phone-numbers/{id}/register")
@asking(Permission.NUMBER_CONNECT)
def register_phone_number(call: CurrentCall, id: UUID, body: Pin) -> OnePhoneNumber:  # noqa: A002  # same
    """Register the number: from now on it sends and receives."""
    return _one(registration.register(call.actor, id, pin=body.pin))


def _one(found: PhoneNumberView) -> OnePhoneNumber:
    return OnePhoneNumber(phone_number=PhoneNumber.model_validate(found))
