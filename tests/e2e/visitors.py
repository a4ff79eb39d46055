"""Members with a live sign-in and a browser, and everything that ends a sign-in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from app import db
from app.actor import Actor
from app.models.enums import TokenPurpose, UserStatus
from app.services import (
    members,
    own_sessions,
    password_changes,
    passwords,
    sessions,
    sign_ins,
    tokens,
    users,
)
from tests.accounts import sign_in as sign_in_elsewhere
from tests.e2e.stack import Stack
from tests.table_rows import value

PASSWORD, ANOTHER = "correct horse battery", "another horse battery"


@dataclass
class Visitor:
    """Somebody with a live sign-in and a browser that keeps its cookie."""

    web: Stack
    actor: Actor
    client: httpx.Client
    colleague: Actor
    cookie: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        with db.transaction() as session:
            token = sign_ins.start(session, self.user_id, client=sign_ins.Client())
        with db.transaction() as session:
            view = sessions.find(session, token)
        assert view is not None
        self.session_id = view.id
        self.client.cookies.set("sid", token)
        self.cookie = {"Cookie": f"sid={token}", "Origin": self.web.base_url}

    @property
    def user_id(self) -> UUID:
        assert self.actor.user_id is not None
        return self.actor.user_id

    @property
    def theme(self) -> str:
        return str(value("SELECT theme FROM users WHERE id = %s", self.user_id))


Arrive = Callable[..., Visitor]


def act(service: Callable[..., Any], *args: Any, actor: Actor | None = None, **kwargs: Any) -> None:
    """Do in this process what another replica of the product would do."""
    with db.transaction(actor.workspace_id if actor else None) as session:
        service(session, *([actor] if actor else []), *args, **kwargs)


def sign_out(who: Visitor) -> None:
    answer = who.client.post("/sign-out", headers={"Origin": who.web.base_url})
    assert answer.status_code == 303


def revoke(who: Visitor) -> None:
    act(own_sessions.revoke_own, who.session_id, actor=who.actor)


def revoke_others(who: Visitor) -> None:
    act(own_sessions.revoke_others, actor=who.actor)


def change_password(who: Visitor) -> None:
    elsewhere = sign_in_elsewhere(who.actor)
    password_changes.change(elsewhere, current=PASSWORD, password=ANOTHER)


def reset_password(who: Visitor) -> None:
    email = value("SELECT email FROM users WHERE id = %s", who.user_id)
    with db.transaction() as session:
        token = tokens.issue(session, TokenPurpose.RESET_PASSWORD, user_id=who.user_id, email=email)
    act(password_changes.reset, token, passwords.choose(ANOTHER), ip=None)


def suspend(who: Visitor) -> None:
    act(users.set_status, who.user_id, UserStatus.SUSPENDED)


def deactivate(who: Visitor) -> None:
    act(users.set_status, who.user_id, UserStatus.INACTIVE)


def remove(who: Visitor) -> None:
    act(members.remove, who.user_id, actor=who.colleague)


ENDS = (
    sign_out, revoke, revoke_others, change_password, reset_password, suspend, deactivate, remove,
)  # fmt: skip
