"""Business numbers."""

from uuid import UUID

from app.actor import Permission
from app.api.rest.operation import CurrentCall, new_router, operation
from app.api.rest.shapes import Answer, Moment
from app.models.enums import PhoneNumberStatus
from app.services import phone_numbers

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


@router.get("/phone-numbers")
@operation(Permission.NUMBER_READ)
def list_phone_numbers(call: CurrentCall) -> PhoneNumbers:
    """Return every connected number."""
    found = phone_numbers.list_all(call.session, call.actor)
    return PhoneNumbers(phone_numbers=[PhoneNumber.model_validate(one) for one in found])


@router.get("/phone-numbers/{id}")
@operation(Permission.NUMBER_READ)
def get_phone_number(call: CurrentCall, id: UUID) -> OnePhoneNumber:  # noqa: A002  # as documented
    """Return one number."""
    found = phone_numbers.get(call.session, call.actor, id)
    return OnePhoneNumber(phone_number=PhoneNumber.model_validate(found))
