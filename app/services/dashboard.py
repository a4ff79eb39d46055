"""What the dashboard shows, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.actor import Actor, Permission
from app.services import conversations, phone_numbers, plans
from app.services.conversations import ConversationView, Counts
from app.services.phone_numbers import PhoneNumberView

RECENT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardView:
    """Counts, the newest conversations, the numbers."""

    counts: Counts
    number_limit: int
    newest: Sequence[ConversationView]
    numbers: Sequence[PhoneNumberView]


def read(session: Session, actor: Actor) -> DashboardView:
    """Return everything that is on the dashboard."""
    actor.require(Permission.CONVERSATION_READ)
    actor.require(Permission.NUMBER_READ)
    return DashboardView(
        counts=conversations.counts(session, actor),
        number_limit=plans.number_limit(session, actor),
        newest=conversations.list_page(session, actor, limit=RECENT).items,
        numbers=phone_numbers.list_all(session, actor),
    )
