"""The seats of a plan: every member has one, and every open invitation promises one."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import PlanLimitReached
from app.i18n import mark
from app.models import Invitation, Membership
from app.services import plans


class SeatLimitReached(PlanLimitReached):
    """The plan's seats are all taken, or promised by an open invitation."""

    code = "seat_limit_reached"
    sentence = mark("Your plan has no free seat left. Choose a larger plan to invite more people.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsView:
    """How many seats there are, and how many are taken or promised."""

    taken: int
    most: int


def count(session: Session, actor: Actor) -> SeatsView:
    """Return how many seats the plan has, and how many are taken or promised."""
    actor.require(Permission.MEMBER_READ)
    return _count(session, actor.workspace_id)


def require_free(session: Session, workspace_id: UUID) -> None:
    """Make sure that the plan has a seat for one more. System-only: the workspace's row is locked.

    Raises:
        SeatLimitReached: it has none.
    """
    seats = _count(session, workspace_id)
    if seats.taken >= seats.most:
        raise SeatLimitReached


def _count(session: Session, workspace_id: UUID) -> SeatsView:
    members = session.exec(
        select(func.count())
        .select_from(Membership)
        .where(col(Membership.workspace_id) == workspace_id)
    ).one()
    promised = session.exec(
        select(func.count())
        .select_from(Invitation)
        .where(
            col(Invitation.workspace_id) == workspace_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.expires_at) > utc_now(),
        )
    ).one()
    row = plans.current(session, workspace_id)
    return SeatsView(taken=members + promised, most=row[1].max_seats if row else 0)
