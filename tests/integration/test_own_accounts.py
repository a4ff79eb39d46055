"""Numbers brought along with a token of one's own, the real sandbox being Meta."""

from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.actor import Role
from app.config import configure
from app.errors import NotFound, PermissionDenied, ValidationFailed
from app.models.enums import PhoneNumberStatus
from app.sandbox.store import SandboxNumber
from app.services import own_accounts
from app.services.own_accounts import OwnAccount
from app.services.phone_numbers import PhoneNumberInUse
from app.services.plans import PhoneNumberLimitReached
from app.services.verification import EmailNotVerified
from app.services.whatsapp.client import GraphRefused
from tests.accounts import make_person
from tests.integration.outbox_line import Graph, Line
from tests.table_rows import count, execute, rows, value

BEFORE = 2  # the team's own numbers


async def agree(request: Request) -> Response:
    """Answer Meta's verification, rightly unless a test wants it wrong."""
    is_right = not getattr(request.app.state, "answers_wrong", False)
    return PlainTextResponse(request.query_params["hub.challenge"] if is_right else "no")


@pytest.fixture
def meta(line: Line) -> Graph:
    """Meta's part, played by the sandbox: it knows us by an address that it can verify."""
    line.graph.app.state.answers_wrong = False
    line.graph.app.add_route("/api/webhooks/whatsapp/{account}", agree, methods=["GET"])
    configure(base_url=line.graph.address, whatsapp_graph_url=f"{line.graph.address}/graph")
    return line.graph


@pytest.fixture
def theirs(meta: Graph, line: Line) -> SandboxNumber:
    """A number at Meta that nobody here has connected."""
    return meta.store.create_number(workspace="elsewhere", display_name="Bakery")


def typed(number: SandboxNumber, **other: str) -> OwnAccount:
    fields: dict[str, Any] = {
        "waba_id": f" {number.waba_id}",
        "access_token": f"{number.access_token}\n",
        "app_secret": number.app_secret,
    }
    return OwnAccount(**fields | other)


def numbers_of(line: Line) -> int:
    return count("phone_numbers", "workspace_id = %s AND account_id IS NOT NULL", line.team.id)


def connect(line: Line, number: SandboxNumber) -> Any:
    return own_accounts.connect(line.team.admin, typed(number), [number.meta_phone_number_id])


def test_token_shows_the_numbers_that_it_opens(line: Line, theirs: SandboxNumber):
    found = own_accounts.look_up(line.team.admin, typed(theirs))

    assert [(one.meta_id, one.phone_number, one.is_registered) for one in found.numbers] == [
        (theirs.meta_phone_number_id, theirs.phone, True)
    ]
    assert found.token_expires_at is None
    assert numbers_of(line) == BEFORE


def test_chosen_number_is_connected_and_its_webhooks_come_here(
    line: Line, theirs: SandboxNumber, meta: Graph
):
    (view,) = connect(line, theirs)

    assert (view.status, view.status_reason) == (PhoneNumberStatus.VERIFIED, None)
    assert view.verified_at is not None
    (kept,) = meta.store.list_numbers(waba_id=theirs.waba_id)
    assert kept.is_subscribed
    assert kept.callback
    assert kept.callback.endswith(f"/api/webhooks/whatsapp/{view.account_id}")
    told = value("SELECT action FROM audit_entries ORDER BY created_at DESC LIMIT 1")
    assert told == "phone_number.connected"


def test_nothing_of_what_is_secret_is_kept_readable(line: Line, theirs: SandboxNumber):
    connect(line, theirs)

    kept = repr(rows("SELECT * FROM whatsapp_accounts") + rows("SELECT * FROM audit_entries"))
    for secret in (theirs.access_token, theirs.app_secret):
        assert secret not in kept
        assert secret.encode().hex() not in kept


def test_number_not_registered_at_meta_goes_on_with_its_own_steps(
    line: Line, theirs: SandboxNumber, meta: Graph
):
    meta.store.registrations.deregister(theirs.meta_phone_number_id)

    (view,) = connect(line, theirs)

    assert (view.status, view.verified_at) == (PhoneNumberStatus.PENDING, None)
    assert value("SELECT code_verified_at FROM phone_numbers WHERE id = %s", view.id) is not None


def test_address_that_meta_cannot_verify_is_said_and_tried_again(
    line: Line, theirs: SandboxNumber, meta: Graph
):
    meta.app.state.answers_wrong = True
    (view,) = connect(line, theirs)
    assert view.status is PhoneNumberStatus.FAILED
    assert view.status_reason

    meta.app.state.answers_wrong = False
    assert own_accounts.retry(line.team.admin, view.id).status is PhoneNumberStatus.VERIFIED


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"access_token": " "}, "access_token"),
        ({"access_token": "two words"}, "access_token"),
        ({"access_token": "two\nlines"}, "access_token"),
        ({"waba_id": "my account"}, "waba_id"),
        ({"waba_id": "\uff11\uff12"}, "waba_id"),
        ({"app_secret": ""}, "app_secret"),
    ],
)
def test_fields_that_cannot_be_right_are_named_before_meta_is_asked(
    line: Line, theirs: SandboxNumber, other: dict[str, str], field: str | None
):
    with pytest.raises((ValidationFailed, GraphRefused)) as refused:
        own_accounts.look_up(line.team.admin, typed(theirs, **other))

    if field:
        assert isinstance(refused.value, ValidationFailed)
        assert list(refused.value.fields) == [field]


def test_token_that_meta_does_not_know_keeps_nothing(line: Line, theirs: SandboxNumber):
    with pytest.raises((GraphRefused, ValidationFailed)) as refused:
        own_accounts.connect(
            line.team.admin,
            typed(theirs, access_token="EAAunknown"),  # of nobody
            [theirs.meta_phone_number_id],
        )

    assert "EAAunknown" not in str(refused.value)
    assert numbers_of(line) == BEFORE


def test_account_of_another_token_is_refused(line: Line, theirs: SandboxNumber):
    with pytest.raises(GraphRefused):
        own_accounts.look_up(line.team.admin, typed(theirs, waba_id=line.sandbox_number.waba_id))


def test_number_that_another_workspace_uses_stays_there(
    line: Line, rival: Any, theirs: SandboxNumber
):
    own_accounts.connect(rival.owner, typed(theirs), [theirs.meta_phone_number_id])

    with pytest.raises(PhoneNumberInUse):
        connect(line, theirs)

    assert count("whatsapp_accounts", "waba_id = %s", theirs.waba_id) == 1


def test_plan_limits_what_is_connected(line: Line, theirs: SandboxNumber):
    execute(
        "UPDATE subscriptions SET plan_id ="
        " (SELECT id FROM plans WHERE max_phone_numbers = 1 LIMIT 1)"
        " WHERE workspace_id = %s",
        line.team.id,
    )

    with pytest.raises(PhoneNumberLimitReached):
        connect(line, theirs)

    assert numbers_of(line) == BEFORE


def test_somebody_without_a_confirmed_address_connects_no_real_number(
    line: Line, theirs: SandboxNumber
):
    actor = make_person(line.team.id, line.team.admin.role, verified=False)

    with pytest.raises(EmailNotVerified):
        own_accounts.look_up(actor, typed(theirs))


def test_token_is_replaced_once_meta_takes_the_new_one(line: Line, theirs: SandboxNumber):
    (view,) = connect(line, theirs)
    before = value("SELECT access_token FROM whatsapp_accounts WHERE id = %s", view.account_id)
    assert view.account_id

    with pytest.raises((GraphRefused, ValidationFailed)):
        own_accounts.replace_token(
            line.team.admin,
            view.account_id,
            access_token="EAAwrong",
        )
    assert token_of(view.account_id) == before
    own_accounts.replace_token(line.team.admin, view.account_id, access_token=theirs.access_token)
    assert token_of(view.account_id) != before


def test_token_of_another_workspace_is_not_replaced(line: Line, rival: Any, theirs: SandboxNumber):
    (view,) = connect(line, theirs)
    assert view.account_id

    with pytest.raises(NotFound):
        own_accounts.replace_token(rival.owner, view.account_id, access_token=theirs.access_token)


def token_of(account_id: UUID) -> Any:
    return value("SELECT access_token FROM whatsapp_accounts WHERE id = %s", account_id)


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_roles_that_may_not_connect_are_refused(line: Line, theirs: SandboxNumber, role: Role):
    with pytest.raises(PermissionDenied):
        own_accounts.look_up(line.team.members()[role], typed(theirs))
