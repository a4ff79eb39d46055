"""One's own name, time zone, theme and picture."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.actor import Actor
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.models import User
from app.models.enums import Theme
from app.services import sessions
from app.services.text import is_name
from app.services.workspaces import is_time_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileView:
    """A person as they see themselves."""

    id: UUID
    name: str
    email: str
    is_verified: bool
    has_password: bool
    image: str | None
    time_zone: str
    theme: Theme


def get(session: Session, actor: Actor) -> ProfileView:
    """Return one's own profile."""
    user = session.get_one(User, actor.require_person())
    return ProfileView(
        id=user.id,
        name=user.name,
        email=user.email,
        is_verified=user.email_verified_at is not None,
        has_password=user.password_hash is not None,
        image=user.image,
        time_zone=user.time_zone,
        theme=user.theme,
    )


def update(
    session: Session, actor: Actor, *, name: str, time_zone: str, theme: Theme
) -> ProfileView:
    """Change one's own profile; an empty time zone is that of the browser.

    Raises:
        ValidationFailed: with a sentence for each field.
    """
    user = session.get_one(User, actor.require_person())
    fields: dict[str, str] = {}
    if not is_name(name):
        fields["name"] = _("Tell us your name, in at most 120 characters.")
    if time_zone and not is_time_zone(time_zone):
        fields["time_zone"] = _("Choose a time zone from the list.")
    if fields:
        raise ValidationFailed(fields)
    user.name, user.time_zone, user.theme = name.strip(), time_zone, theme
    session.add(user)
    session.flush()
    sessions.ring_person(session, user.id)
    return get(session, actor)


def set_theme(session: Session, actor: Actor, theme: Theme) -> None:
    """Remember what one looks at, so that another device shows it, too."""
    user = session.get_one(User, actor.require_person())
    if user.theme is not theme:
        user.theme = theme
        session.add(user)
        sessions.ring_person(session, user.id)
