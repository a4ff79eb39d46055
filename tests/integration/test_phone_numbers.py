"""Connecting numbers: one workspace at a time, within the plan, secrets encrypted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.actor import Actor, Role
from app.crypto import DecryptionFailed
from app.errors import AppError, ValidationFailed
from app.services import phone_numbers, phone_text, plans, whatsapp_accounts
from app.services.phone_numbers import NewNumber, PhoneNumberInUse
from app.services.secrets import Bound, open_secret
from app.services.verification import EmailNotVerified
from app.services.whatsapp_accounts import NewAccount
from tests import factories, permissions, table_rows
from tests.factories import Team
from tests.table_rows import count, row

PHONE = "+447700900777"


def new_number(**changes: Any) -> NewNumber:
    account = {
        "waba_id": "666",
        "access_token": "EAAG-token",
        "app_secret": "an app secret",
        "verify_token": "a verify token",
    }
    number = {"phone_number": PHONE, "meta_phone_number_id": "555"}
    for name, change in changes.items():
        (account if name in NewAccount.__dataclass_fields__ else number)[name] = change
    return NewNumber(account=NewAccount(**account), **number)


def connect(actor: Actor, **changes: Any) -> phone_numbers.ConnectedView:
    with db.transaction(actor.workspace_id) as session:
        return phone_numbers.connect(session, actor, new_number(**changes))


def test_connected_number_is_ready_and_listed(acme: Team, rival: Team):
    connected = connect(acme.admin, display_name="Shop")

    with db.transaction(acme.id) as session:
        views = phone_numbers.list_all(session, acme.viewer)
    with db.transaction(rival.id) as session:
        assert len(phone_numbers.list_all(session, rival.viewer)) == 1
    assert [view.id for view in views] == [acme.number.id, connected.phone_number_id]
    assert (views[1].status.value, views[1].display_name) == ("VERIFIED", "Shop")
    assert connected.webhook_path == f"/api/webhooks/whatsapp/{connected.account_id}"
    assert count("audit_entries", "action = 'phone_number.connected' AND user_id = %s",
                 acme.admin.user_id) == 1  # fmt: skip


def test_only_owners_and_admins_connect(acme: Team, rival: Team):
    def call(session: Any, actor: Actor) -> None:
        phone_numbers.connect(session, actor, new_number())

    for role, actor in acme.members().items():
        error = permissions.error_of(call, actor)
        assert (error is None) == (role in {Role.OWNER, Role.ADMIN})


def test_who_has_not_proven_their_address_connects_the_sandbox_only(acme: Team, rival: Team):
    stranger = factories.make_user(is_verified=False)
    factories.make_membership(acme.id, stranger, Role.OWNER)
    actor = Actor(workspace_id=acme.id, role=Role.OWNER, user_id=stranger)

    with pytest.raises(EmailNotVerified):
        connect(actor)
    assert connect(actor, is_sandbox=True).phone_number_id
    table_rows.execute("UPDATE users SET email_verified_at = now() WHERE id = %s", stranger)
    assert connect(actor).phone_number_id


def test_secrets_are_encrypted_and_bound_to_their_row(acme: Team, rival: Team):
    connected = connect(acme.admin)
    stored = row(
        "SELECT access_token, app_secret, verify_token FROM whatsapp_accounts WHERE id = %s",
        connected.account_id,
    )
    mine = Bound("whatsapp_accounts", acme.id, connected.account_id)
    theirs = Bound("whatsapp_accounts", rival.id, rival.number.account_id)

    assert open_secret(stored[0], mine, "access_token") == "EAAG-token"
    assert all(b"token" not in bytes(one) and b"secret" not in bytes(one) for one in stored)
    for bound, column in ((theirs, "access_token"), (mine, "app_secret")):
        with pytest.raises(DecryptionFailed):
            open_secret(stored[0], bound, column)


def test_credentials_are_what_was_connected(acme: Team):
    connected = connect(acme.admin, graph_url="http://127.0.0.1:9/graph/")
    graph_url, token = row(
        "SELECT graph_url, access_token FROM whatsapp_accounts WHERE id = %s", connected.account_id
    )

    found = whatsapp_accounts.credentials_of(
        Bound("whatsapp_accounts", acme.id, connected.account_id),
        whatsapp_accounts.graph_url_of(graph_url, is_sandbox=False),
        token,
    )

    assert (found.graph_url, found.access_token) == ("http://127.0.0.1:9/graph", "EAAG-token")


def test_repeating_in_the_same_workspace_updates_the_credentials(acme: Team):
    first = connect(acme.admin)

    second = connect(acme.admin, access_token="newer", app_secret=None, display_name="Shop")

    assert second == first
    assert count("phone_numbers", "workspace_id = %s", acme.id) == 2
    bound = Bound("whatsapp_accounts", acme.id, first.account_id)
    token, secret = row(
        "SELECT access_token, app_secret FROM whatsapp_accounts WHERE id = %s", first.account_id
    )
    assert open_secret(token, bound, "access_token") == "newer"
    assert open_secret(secret, bound, "app_secret") == "an app secret"


def test_two_numbers_of_one_account_share_it(acme: Team):
    first = connect(acme.admin)

    second = connect(acme.admin, phone_number="+447700900778", meta_phone_number_id="556")

    assert second.account_id == first.account_id
    assert second.phone_number_id != first.phone_number_id


@pytest.mark.parametrize(
    "changes", [{"phone_number": "+447700900778"}, {"meta_phone_number_id": "1"}]
)
def test_number_of_another_workspace_is_in_use_by_either_name(
    acme: Team, rival: Team, changes: dict[str, str]
):
    connect(acme.admin)

    with pytest.raises(PhoneNumberInUse):
        connect(rival.admin, **changes)

    assert count("phone_numbers", "workspace_id = %s", rival.id) == 1
    assert count("whatsapp_accounts", "workspace_id = %s", rival.id) == 1


def test_number_is_free_again_after_it_was_disconnected(acme: Team, rival: Team):
    connected = connect(acme.admin)
    table_rows.execute(
        "UPDATE phone_numbers SET disconnected_at = now() WHERE id = %s", connected.phone_number_id
    )

    assert connect(rival.admin).phone_number_id != connected.phone_number_id
    with pytest.raises(PhoneNumberInUse):
        connect(acme.admin)


def test_two_workspaces_at_once_get_it_once(acme: Team, rival: Team):
    def attempt(actor: Actor) -> str:
        try:
            connect(actor)
        except PhoneNumberInUse as error:
            return error.code
        return "ok"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, [acme.admin, rival.admin]))

    assert sorted(results) == ["ok", "phone_number_in_use"]
    assert count("phone_numbers", "phone_number = %s", PHONE) == 1


def starter() -> tuple[UUID, Actor]:
    workspace_id = factories.make_workspace(plan="starter")
    return workspace_id, factories.make_actor(workspace_id, Role.OWNER)


def test_plan_limits_numbers_but_not_their_repetition_nor_the_operator():
    workspace_id, actor = starter()
    connect(actor)

    with pytest.raises(plans.PhoneNumberLimitReached):
        connect(actor, phone_number="+447700900778", meta_phone_number_id="556")
    connect(actor, access_token="newer")
    factories.connect_number(workspace_id, enforce_plan=False)

    assert count("phone_numbers", "workspace_id = %s", workspace_id) == 2


def test_last_free_number_is_given_once():
    workspace_id, actor = starter()

    def attempt(n: int) -> str:
        try:
            connect(
                actor, phone_number=f"+44770090077{n}", meta_phone_number_id=f"{n}", waba_id=f"{n}"
            )
        except AppError as error:
            return error.code
        return "ok"

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(attempt, range(4)))

    assert results == ["ok", *["phone_number_limit_reached"] * 3]
    assert count("phone_numbers", "workspace_id = %s", workspace_id) == 1


def test_workspace_that_does_not_pay_connects_nothing():
    workspace_id = factories.make_workspace(has_subscription=False)

    with pytest.raises(plans.SubscriptionRequired):
        connect(factories.make_actor(workspace_id, Role.OWNER))


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("+44 7700 900148", "+447700900148"),
        ("+1 (202) 555-0143", "+12025550143"),
        (" +5215512345678 ", "+5215512345678"),
        ("+15550123456", "+15550123456"),
    ],
)
def test_number_is_stored_in_one_form(written: str, stored: str):
    assert phone_text.e164(written) == stored


@pytest.mark.parametrize(
    "written",
    ["", "07700 900148", "447700900148", "+", "+44", "+999 123456", "hello", "+44abc", "\0",
     "+4477009001481234567890", "+4477009001481234", "+123", "+1800FLOWERS", "+1 800 FLOWERS",
     "+12025550143x7", "+1 202 555 0143 #5", "+12025550143;ext=5", "tel:+12025550143"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_number_is_refused_with_words(written: str):
    with pytest.raises(ValidationFailed) as caught:
        phone_text.e164(written)

    assert list(caught.value.fields) == ["phone_number"]
