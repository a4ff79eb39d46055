"""The workspace's own numbers: adding one that is not at Meta yet, naming, letting go.

A number is PENDING until `number_steps` has registered it.
"""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import PhoneNumber
from app.services import audit, phone_numbers, verification
from app.services.phone_numbers import PhoneNumberInUse, PhoneNumberView, e164
from app.services.text import is_storable

MAX_NAME = 100


def add(session: Session, actor: Actor, *, phone_number: str, display_name: str) -> PhoneNumberView:
    """Add a number that is not at Meta yet: PENDING, and it counts against the plan at once.

    Raises:
        PermissionDenied, EmailNotVerified, ValidationFailed, SubscriptionRequired,
        PhoneNumberLimitReached, PhoneNumberInUse: in this order; nothing is added.
    """
    actor.require(Permission.NUMBER_CONNECT)
    verification.require_verified(session, actor)
    phone, name = _check(phone_number, display_name)
    phone_numbers.require_free_number(session, actor)
    row = PhoneNumber(
        id=new_id(), workspace_id=actor.workspace_id, phone_number=phone, display_name=name
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise PhoneNumberInUse from error
    audit.record(
        session,
        actor.workspace_id,
        "phone_number.added",
        user_id=actor.user_id,
        subject=("phone_number", row.id),
    )
    return phone_numbers.get(session, actor, row.id)


def rename(
    session: Session, actor: Actor, phone_number_id: UUID, *, display_name: str
) -> PhoneNumberView:
    """Change the name under which the team sees a number; Meta's own stays.

    Raises:
        ValidationFailed, NotFound.
    """
    actor.require(Permission.NUMBER_CONNECT)
    name = _name(display_name)
    row = lock(session, actor, phone_number_id)
    row.display_name = name
    session.flush()
    return phone_numbers.get(session, actor, phone_number_id)


def disconnect(session: Session, actor: Actor, phone_number_id: UUID) -> None:
    """Let go of a number: it neither sends nor receives here, its conversations stay.

    Its siblings of the same WhatsApp account go on as before.

    Raises:
        NotFound: it is missing, or disconnected already.
    """
    actor.require(Permission.NUMBER_CONNECT)
    row = lock(session, actor, phone_number_id)
    row.disconnected_at = utc_now()
    audit.record(
        session,
        actor.workspace_id,
        "phone_number.disconnected",
        user_id=actor.user_id,
        subject=("phone_number", row.id),
        number=row.phone_number,
    )


def _check(phone_number: str, display_name: str) -> tuple[str, str]:
    """Return number and name in their stored form, or raise with everything that is wrong."""
    read: dict[str, str] = {}
    fields: dict[str, str] = {}
    for what, reader, written in (
        ("phone", e164, phone_number),
        ("name", _name, display_name),
    ):
        try:
            read[what] = reader(written)
        except ValidationFailed as error:
            fields |= error.fields
    if fields:
        raise ValidationFailed(fields)
    return read["phone"], read["name"]


def _name(display_name: str) -> str:
    name = display_name.strip()
    if not 1 <= len(name) <= MAX_NAME or not is_storable(name):
        raise ValidationFailed({"display_name": _("Give it a name, in at most 100 characters.")})
    return name


def lock(session: Session, actor: Actor, phone_number_id: UUID) -> PhoneNumber:
    """Return the row of a connected number, locked. System-only: whoever changes it has asked.

    Raises:
        NotFound: it is missing, disconnected, or another workspace's.
    """
    row = session.exec(
        select(PhoneNumber)
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.id) == phone_number_id,
            col(PhoneNumber.disconnected_at).is_(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound
    return row
