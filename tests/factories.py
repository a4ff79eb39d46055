"""Rows to test with: plain functions with defaults, unique by counting, never by chance.

Each opens and commits a transaction of its own, as the owner of the tables, who sees every
workspace.
"""

import datetime as dt
import itertools
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from app import db
from app.actor import Actor, Role
from app.clock import utc_now
from app.db import DbRole
from app.ids import new_id
from app.models import (
    Contact,
    ContactIdentity,
    Conversation,
    Membership,
    Message,
    Plan,
    Subscription,
    User,
    Workspace,
)
from app.models.enums import (
    IdentityKind,
    MessageDirection,
    MessageStatus,
    MessageType,
    PlanInterval,
    SubscriptionStatus,
    UserRole,
    UserStatus,
)
from app.services import phone_numbers
from app.services.phone_numbers import NewNumber
from app.services.whatsapp_accounts import NewAccount
from tests.table_rows import execute, save

HOUR = dt.timedelta(hours=1)


DAY = dt.timedelta(days=1)


PASSWORD = "correct horse battery"
NOWHERE = "http://127.0.0.1:9"  # where no Graph API answers


_counter = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A connected number and what a test needs to speak for Meta."""

    id: UUID
    workspace_id: UUID
    account_id: UUID
    phone: str
    meta_id: str
    waba_id: str
    app_secret: str
    verify_token: str

    @property
    def webhook_path(self) -> str:
        return f"/api/webhooks/whatsapp/{self.account_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A workspace, its number, and a member of each role."""

    id: UUID
    number: Number
    owner: Actor
    admin: Actor
    agent: Actor
    viewer: Actor

    def members(self) -> dict[Role, Actor]:
        return {one.role: one for one in (self.owner, self.admin, self.agent, self.viewer)}


class Clock:
    """A clock that stands still; `module` is what `app.clock` sees instead of `datetime`."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.module = SimpleNamespace(UTC=dt.UTC, datetime=SimpleNamespace(now=self._now))

    def move(self, delta: dt.timedelta) -> None:
        self.now += delta

    def _now(self, _zone: dt.tzinfo) -> dt.datetime:
        return self.now


def unique() -> int:
    """Return a number that was not returned before in this process."""
    return next(_counter)


def new_phone() -> str:
    """Return a British number that nobody has; Ofcom keeps 07700 900xxx for fiction."""
    return f"+4477009{unique():05d}"


def new_wamid() -> str:
    return f"wamid.TEST{unique():08d}"


def make_team(name: str) -> Team:
    workspace_id = make_workspace(name=name)
    actors = {role: make_actor(workspace_id, role) for role in Role}
    return Team(
        id=workspace_id,
        number=connect_number(workspace_id),
        owner=actors[Role.OWNER],
        admin=actors[Role.ADMIN],
        agent=actors[Role.AGENT],
        viewer=actors[Role.VIEWER],
    )


def make_workspace(
    *,
    name: str | None = None,
    plan: str = "scale",
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE,
    has_subscription: bool = True,
    **subscription: Any,
) -> UUID:
    """Make a workspace with a subscription; further arguments are the subscription's columns."""
    workspace = Workspace(id=new_id(), name=name or f"Workspace {unique()}")
    now = utc_now()
    with db.transaction(role=DbRole.OWNER) as session:
        session.add(workspace)
        session.flush()
        if has_subscription:
            session.add(
                Subscription(
                    **{
                        "workspace_id": workspace.id,
                        "plan_id": plan_id(session, plan),
                        "status": status,
                        "current_period_start": now,
                        "current_period_end": now + 30 * DAY,
                        **subscription,
                    }
                )
            )
    return workspace.id


def plan_id(session: Session, name: str) -> UUID:
    plan = select(Plan).where(Plan.name == name, Plan.interval == PlanInterval.MONTHLY)
    return session.exec(plan).one().id


def make_user(
    *,
    name: str | None = None,
    email: str | None = None,
    password_hash: str | None = None,
    status: UserStatus = UserStatus.ACTIVE,
    role: UserRole = UserRole.USER,
    is_verified: bool = True,
) -> UUID:
    number = unique()
    user = User(
        id=new_id(),
        name=name or f"Person {number}",
        email=email or f"person{number}@example.com",
        password_hash=password_hash,
        status=status,
        role=role,
        email_verified_at=utc_now() if is_verified else None,
    )
    save(user)
    return user.id


def make_membership(workspace_id: UUID, user_id: UUID, role: Role = Role.AGENT) -> UUID:
    membership = Membership(id=new_id(), workspace_id=workspace_id, user_id=user_id, role=role)
    save(membership)
    return membership.id


def make_actor(workspace_id: UUID, role: Role = Role.AGENT) -> Actor:
    """Make a person who is a member of the workspace; without a sign-in."""
    user_id = make_user(name=f"{role.value.title()} {unique()}")
    make_membership(workspace_id, user_id, role)
    return Actor(workspace_id=workspace_id, role=role, user_id=user_id)


def connect_number(
    workspace_id: UUID,
    *,
    phone: str | None = None,
    meta_id: str | None = None,
    waba_id: str | None = None,
    access_token: str = "token",  # noqa: S107
    app_secret: str | None = None,
    verify_token: str | None = None,
    graph_url: str | None = NOWHERE,
    is_platform: bool = False,
    enforce_plan: bool = False,
) -> Number:
    """Connect a number through the service, as the command line does."""
    count = unique()
    number = Number(
        id=new_id(),
        workspace_id=workspace_id,
        account_id=new_id(),
        phone=phone or new_phone(),
        meta_id=meta_id or f"10{count:013d}",
        waba_id=waba_id or f"20{count:013d}",
        app_secret=app_secret or f"app secret {count}",
        verify_token=verify_token or f"verify token {count}",
    )
    with db.transaction(workspace_id) as session:
        connected = phone_numbers.connect(
            session,
            Actor.system(workspace_id),
            NewNumber(
                phone_number=number.phone,
                meta_phone_number_id=number.meta_id,
                account=NewAccount(
                    waba_id=number.waba_id,
                    access_token=access_token,
                    app_secret=number.app_secret,
                    verify_token=number.verify_token,
                    graph_url=graph_url,
                ),
            ),
            enforce_plan=enforce_plan,
        )
    if is_platform:
        execute(
            "UPDATE whatsapp_accounts SET is_platform = true WHERE id = %s", connected.account_id
        )
    return Number(
        **{
            **{name: getattr(number, name) for name in Number.__dataclass_fields__},
            "id": connected.phone_number_id,
            "account_id": connected.account_id,
        }
    )


def make_contact(
    workspace_id: UUID,
    *,
    phone: str | None = None,
    name: str | None = None,
    wa_id: str | None = None,
    user_id: str | None = None,
    has_phone: bool = True,
    has_identity: bool = True,
) -> UUID:
    """Make a contact, known to WhatsApp by its phone's digits unless told otherwise."""
    phone = (phone or new_phone()) if has_phone else None
    contact = Contact(id=new_id(), workspace_id=workspace_id, phone_number=phone, name=name)
    named = {
        IdentityKind.WA_ID: wa_id or (phone.lstrip("+") if phone else None),
        IdentityKind.USER_ID: user_id,
    }
    save(
        contact,
        *(
            ContactIdentity(
                workspace_id=workspace_id, contact_id=contact.id, kind=kind, value=value
            )
            for kind, value in named.items()
            if value and has_identity
        ),
    )
    return contact.id


def make_conversation(
    number: Number,
    contact_id: UUID | None = None,
    *,
    window_expires_at: dt.datetime | None = None,
    is_open: bool = True,
    **columns: Any,
) -> UUID:
    """Make a thread whose 24-hour window is open, unless `is_open` is false."""
    expires_at = window_expires_at or (utc_now() + DAY if is_open else utc_now() - HOUR)
    conversation = Conversation(
        id=new_id(),
        workspace_id=number.workspace_id,
        phone_number_id=number.id,
        contact_id=contact_id or make_contact(number.workspace_id),
        window_expires_at=expires_at,
        **columns,
    )
    save(conversation)
    return conversation.id


def make_message(
    conversation_id: UUID,
    *,
    direction: MessageDirection = MessageDirection.OUTBOUND,
    status: MessageStatus = MessageStatus.SENT,
    text: str = "Hello",
    wamid: str | None = None,
    has_wamid: bool = True,
    **columns: Any,
) -> UUID:
    """Make a message that is stamped and shown as a service would do it."""
    with db.transaction(role=DbRole.OWNER) as session:
        thread = session.get_one(Conversation, conversation_id, with_for_update=True)
        thread.change_seq += 1
        message = Message(
            **{
                "id": new_id(),
                "workspace_id": thread.workspace_id,
                "conversation_id": thread.id,
                "contact_id": thread.contact_id,
                "phone_number_id": thread.phone_number_id,
                "wamid": (wamid or new_wamid()) if has_wamid else None,
                "direction": direction,
                "type": MessageType.TEXT,
                "content": {"text": text},
                "text": text,
                "status": status,
                "sent_at": utc_now(),
                "change_seq": thread.change_seq,
                **columns,
            }
        )
        session.add(message)
        if thread.last_message_at is None or message.sent_at >= thread.last_message_at:
            thread.last_message_id = message.id
            thread.last_message_at = message.sent_at
            thread.last_message_text = text[:200]
            thread.last_message_type = message.type
            thread.last_message_direction = direction
            thread.last_message_status = status
    return message.id
