"""Every service that takes an id, asked by the owner of another workspace: there is nothing there.

The functions are found by their signatures; one that takes something new fails until it is said
here what to pass. The same call by the owner of the row must find it, or the id proves nothing.
"""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

import app.services
from app import db
from app.actor import Actor, Role
from app.errors import AppError, NotFound
from app.ids import new_id
from app.models import OAuthAccount, Picture
from app.models.enums import MessageType, TemplateCategory
from app.models.policies import workspace_tables
from app.pagination import Page, Slice
from app.services import sessions
from app.services.conversations import Scope
from app.services.inbox import InboxNews
from app.services.media.kinds import MediaKind
from app.services.replies import File
from app.services.sending import Written
from app.services.templates.drafts import TemplateText
from app.services.templates.fill import Values
from app.services.templates.shape import Shape
from app.services.whatsapp.outbound import Language, TemplateBody
from tests import table_rows
from tests.every_table import fill
from tests.factories import Team

Service = Callable[..., Any]

# For the edges, which have checked the key, or have just written the row.
EDGES = {f"app.services.idempotency.{name}" for name in ("begin", "finish", "release")}
# It answers with the asker's own rows as well; tested in test_inbox_news.
OWN_TESTS = {"app.services.inbox.look"}
# Others' parameters beside the ids.
PLAIN: dict[str, Any] = {
    "text": "Hello",
    "seq": 0,
    "seen": 1000,
    "role": Role.AGENT,
    "part": Slice(limit=50),
    "scope": Scope.ALL,
    "search": "",
    "display_name": "Main",
    "sends_read_receipts": True,
    "sends_typing": True,
    "written": TemplateText(
        name="another_one",
        language="en_US",
        category=TemplateCategory.UTILITY,
        shape=Shape(body="Hello there."),
    ),
    "name": "a_copy",
    "message": Written(type=MessageType.TEXT, content={"text": "Hello"}, text="Hello"),
    "content": Written(type=MessageType.TEXT, content={"text": "Hello"}, text="Hello"),
    "kind": MediaKind.DOCUMENT,
    "emoji": "👍",
    "body": TemplateBody(name="order_update", language=Language(code="en_US")),
    "values": Values(),
    "language": "en_US",
}


def services() -> Iterator[tuple[str, Service]]:
    for info in pkgutil.walk_packages(app.services.__path__, "app.services."):
        module = importlib.import_module(info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters)
            is_own = function.__module__ == info.name and not name.startswith("_")
            if is_own and parameters[:2] == ["session", "actor"]:
                yield f"{info.name}.{name}", function


def ids_of(function: Service) -> list[str]:
    """Return the parameters that name a row."""
    found = inspect.signature(function).parameters.values()
    return [one.name for one in found if "UUID" in str(one.annotation) and one.name != "client_ref"]


SWEPT = {
    name: function
    for name, function in services()
    if ids_of(function) and name not in EDGES | OWN_TESTS
}


@pytest.fixture
def acme_ids(acme: Team, rival: Team) -> dict[str, Any]:
    """One id of acme for every parameter that names a row."""
    fill(acme)
    fill(rival)
    table_rows.execute("UPDATE users SET email_verified_at = now()")
    assert acme.owner.user_id is not None
    logo = Picture(id=new_id(), data=b"picture", workspace_id=acme.id)
    account = OAuthAccount(
        user_id=acme.owner.user_id,
        provider="one",
        issuer="https://one.example",
        provider_account_id="1",
    )
    table_rows.save(logo, account)

    def one(table: str, column: str = "id") -> Any:
        query = f"SELECT {column} FROM {table} WHERE workspace_id = %s LIMIT 1"  # noqa: S608  # ours
        return table_rows.value(query, acme.id)

    contact = one("conversations", "contact_id")
    conversation = one("conversations")
    return {
        "conversation_id": conversation,
        "ids": [conversation],
        "message_id": one("messages"),
        "answers": one("messages"),
        "contact_id": contact,
        "recipient": contact,
        "phone_number_id": acme.number.id,
        "key_id": one("api_keys"),
        "invitation_id": one("invitations"),
        "user_id": acme.agent.user_id,
        "session_id": signed_in(acme.agent).session_id,
        "workspace_id": acme.id,
        "picture_id": logo.id,
        "account_id": account.id,
        "template_id": one("templates"),
        "file_id": one("media_files"),
        "notice_id": one("notices"),
        "whatsapp_account_id": one("whatsapp_accounts"),
    }


def arguments(function: Service, ids: dict[str, Any]) -> dict[str, Any]:
    """Return what to call it with; parameters that have a default and name no row are left out."""
    given: dict[str, Any] = {}
    for one in list(inspect.signature(function).parameters.values())[2:]:
        if one.name in ids_of(function):
            given[one.name] = ids[one.name]
        elif one.name == "file":
            given[one.name] = File(
                id=ids["file_id"], kind=MediaKind.DOCUMENT, caption="", client_ref=new_id()
            )
        elif one.name == "client_ref":
            given[one.name] = new_id()
        elif one.default is inspect.Parameter.empty:
            given[one.name] = PLAIN[one.name]
    return given


def signed_in(actor: Actor) -> Actor:
    """Return a member with a sign-in whose password was shown just now."""
    assert actor.user_id is not None
    with db.transaction() as session:
        _token, session_id = sessions.create(
            session, actor.user_id, actor.workspace_id, ip=None, user_agent=None
        )
    return dataclasses.replace(actor, session_id=session_id)


def ask(function: Service, actor: Actor, given: dict[str, Any]) -> Any:
    with db.transaction(actor.workspace_id) as session:
        return function(session, actor, **given)


def is_nothing(found: Any) -> bool:
    if isinstance(found, InboxNews):
        return not found.views
    return found.items == [] if isinstance(found, Page) else not found


def everything_of(workspace_id: UUID) -> dict[str, list[tuple[Any, ...]]]:
    of_people = {
        table: table_rows.rows(f"SELECT md5(t::text) FROM {table} t ORDER BY 1")  # noqa: S608  # ours
        for table in ("sessions", "oauth_accounts", "users", "pictures")
    }
    return of_people | {
        table: table_rows.rows(
            f"SELECT md5(t::text) FROM {table} t WHERE {column} = %s ORDER BY 1",  # noqa: S608  # ours
            workspace_id,
        )
        for table, column in workspace_tables().items()
    }


@pytest.mark.parametrize("name", SWEPT)
def test_row_of_another_workspace_does_not_exist(
    acme: Team, rival: Team, acme_ids: dict[str, Any], name: str
):
    function = SWEPT[name]
    stranger = signed_in(rival.owner)
    before = everything_of(acme.id)

    try:
        found = ask(function, stranger, arguments(function, acme_ids))
    except NotFound:
        found = None

    assert is_nothing(found), f"{name} found {found!r}."
    assert everything_of(acme.id) == before


@pytest.mark.parametrize("name", SWEPT)
def test_the_same_row_is_there_for_its_own_workspace(
    acme: Team, rival: Team, acme_ids: dict[str, Any], name: str
):
    function = SWEPT[name]
    if name == "app.services.own_sessions.revoke_own":
        owner = signed_in(acme.agent)  # of sign-ins the owner is the person
    else:
        owner = signed_in(acme.owner)

    try:
        ask(function, owner, arguments(function, acme_ids))
    except NotFound:
        pytest.fail(f"{name} does not find what is there, so the other test proves nothing.")
    except AppError:
        return  # it is there, and its state does not allow this


def test_the_sweep_finds_the_services():
    assert len(SWEPT) >= 20
    assert {"app.services.messages.window", "app.services.members.remove"} <= set(SWEPT)
