"""A new number's way, with the real sandbox as Meta: every step, and how each can fail."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from app import db
from app.actor import Actor, Role
from app.config import configure
from app.errors import NotFound, ValidationFailed
from app.models.enums import PhoneNumberStatus
from app.services import phone_numbers, registration
from app.services.phone_numbers import PhoneNumberInUse, PhoneNumberView
from app.services.plans import PhoneNumberLimitReached
from app.services.registration import (
    AccountRequired,
    AlreadyRegistered,
    CodeMethod,
    NotVerified,
)
from app.services.whatsapp.client import GraphRefused
from tests import factories, permissions
from tests.factories import Team, make_team, make_workspace
from tests.integration.outbox_line import Line
from tests.table_rows import count, rows, value

NEW = "+447700900777"


def act(function: Any, actor: Actor, *args: Any, **kwargs: Any) -> Any:
    with db.transaction(actor.workspace_id) as session:
        return function(session, actor, *args, **kwargs)


def add(actor: Actor, phone: str = "", name: str = "Second counter") -> PhoneNumberView:
    found: PhoneNumberView = act(
        phone_numbers.add, actor, phone_number=phone or factories.new_phone(), display_name=name
    )
    return found


def ask(actor: Actor, number: UUID) -> PhoneNumberView:
    return registration.request_code(actor, number, method=CodeMethod.SMS, language="en_US")


def shown_code(line: Line) -> str:
    return line.graph.store.registrations.sent_codes(str(line.team.id))[0].code


@pytest.fixture
def open_line(line: Line) -> Line:
    """The sandbox can verify our address, as Meta does."""

    async def agree(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.query_params["hub.challenge"])

    line.graph.app.add_route("/api/webhooks/whatsapp/{account}", agree, methods=["GET"])
    configure(base_url=line.graph.address)
    return line


def test_number_goes_its_way_to_the_end(open_line: Line):
    line, actor = open_line, open_line.team.admin
    added = add(actor)
    assert (added.status, added.account_id) == (PhoneNumberStatus.PENDING, None)

    asked = ask(actor, added.id)
    code = shown_code(line)
    proven = registration.verify_code(actor, added.id, code=f" {code[:3]}-{code[3:]} ")
    done = registration.register(actor, added.id, pin="271828")

    assert asked.account_id == line.number.account_id
    assert proven.status is PhoneNumberStatus.PENDING
    assert (done.status, done.status_reason) == (PhoneNumberStatus.VERIFIED, None)
    assert done.verified_at is not None
    assert b"271828" not in bytes(value("SELECT pin FROM phone_numbers WHERE id = %s", added.id))
    with pytest.raises(AlreadyRegistered):
        ask(actor, added.id)


def test_wrong_code_is_said_in_words_and_the_right_one_goes_on(open_line: Line):
    actor, number = open_line.team.admin, add(open_line.team.admin).id
    ask(actor, number)
    right = shown_code(open_line)
    wrong = f"{(int(right) + 1) % 10**6:06}"

    with pytest.raises(GraphRefused):
        registration.verify_code(actor, number, code=wrong)
    kept = act(phone_numbers.get, actor, number)
    assert kept.status is PhoneNumberStatus.PENDING
    assert "code" in kept.status_reason.lower()

    assert registration.verify_code(actor, number, code=right).status_reason is None


def test_steps_out_of_order_do_not_ask_meta(open_line: Line):
    actor, number = open_line.team.admin, add(open_line.team.admin).id

    with pytest.raises(NotVerified):
        registration.verify_code(actor, number, code="123456")
    with pytest.raises(NotVerified):
        registration.register(actor, number)
    for step in (
        lambda: registration.verify_code(actor, number, code="12345"),
        lambda: registration.register(actor, number, pin="12345x"),
        lambda: registration.request_code(actor, number, method=CodeMethod.SMS, language="english"),
    ):
        with pytest.raises(ValidationFailed):
            step()
    assert open_line.graph.store.list_numbers(waba_id=open_line.number.waba_id)[1:] == []


def test_failed_registration_keeps_the_reason_and_can_be_repeated(open_line: Line):
    actor, phone = open_line.team.admin, factories.new_phone()
    number = add(actor, phone).id
    ask(actor, number)
    registration.verify_code(actor, number, code=shown_code(open_line))
    database = open_line.graph.store.database
    database.run("UPDATE numbers SET pin = '999999' WHERE phone = ?", phone)

    with pytest.raises(GraphRefused):
        registration.register(actor, number, pin="111111")
    failed = act(phone_numbers.get, actor, number)
    assert failed.status is PhoneNumberStatus.FAILED
    assert "PIN" in failed.status_reason

    assert registration.register(actor, number, pin="999999").status is PhoneNumberStatus.VERIFIED


def test_registering_too_often_is_refused_by_meta_and_said(open_line: Line):
    actor, phone = open_line.team.admin, factories.new_phone()
    number = add(actor, phone).id
    ask(actor, number)
    registration.verify_code(actor, number, code=shown_code(open_line))
    open_line.graph.store.database.run("UPDATE numbers SET pin = '999999' WHERE phone = ?", phone)

    codes = []
    for _try in range(11):
        with pytest.raises(GraphRefused) as refused:
            registration.register(actor, number, pin="111111")
        codes.append(refused.value.error.code)

    assert codes == [133005] * 10 + [133016]


def test_number_that_was_added_by_a_try_that_got_lost_is_found_again(open_line: Line):
    actor, phone = open_line.team.admin, factories.new_phone()
    number = add(actor, phone).id
    open_line.graph.store.registrations.add(open_line.number.waba_id, phone, "Second counter")

    ask(actor, number)

    assert registration.verify_code(actor, number, code=shown_code(open_line)).id == number


def test_number_that_meta_knows_elsewhere_says_so(open_line: Line):
    taken = open_line.graph.store.create_number(workspace="other", display_name="Other")
    actor = open_line.team.admin
    number = add(actor, taken.phone).id

    with pytest.raises(GraphRefused):
        ask(actor, number)

    assert "another" in act(phone_numbers.get, actor, number).status_reason


def test_without_an_account_there_is_nothing_to_add_it_to(database: None):
    workspace = make_workspace()
    actor = factories.make_actor(workspace, Role.OWNER)
    number = add(actor).id

    with pytest.raises(AccountRequired):
        ask(actor, number)


def test_two_workspaces_never_hold_one_number(acme: Team, rival: Team):
    add(acme.admin, NEW)

    for phone in (NEW, acme.number.phone):
        with pytest.raises(PhoneNumberInUse):
            add(rival.admin, phone)
    held = value("SELECT id FROM phone_numbers WHERE phone_number = %s", NEW)
    act(phone_numbers.disconnect, acme.admin, held)
    assert add(rival.admin, NEW).status is PhoneNumberStatus.PENDING


def test_of_fifty_at_once_for_the_last_free_number_one_wins(database: None):
    workspace = make_workspace(plan="starter")
    actor = factories.make_actor(workspace, Role.OWNER)

    def one(place: int) -> str:
        try:
            return str(add(actor, f"+4477009{place:05d}").id)
        except PhoneNumberLimitReached:
            return "limit"

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(one, range(50)))

    assert found.count("limit") == 49
    assert count("phone_numbers", "workspace_id = %s", workspace) == 1


def test_disconnecting_touches_this_number_and_no_sibling(acme: Team, rival: Team):
    sibling = factories.connect_number(acme.id, waba_id=acme.number.waba_id)

    act(phone_numbers.disconnect, acme.admin, acme.number.id)

    left = act(phone_numbers.list_all, acme.viewer)
    assert [(one.id, one.status) for one in left] == [(sibling.id, PhoneNumberStatus.VERIFIED)]
    assert [one.id for one in act(phone_numbers.list_all, rival.viewer)] == [rival.number.id]
    with pytest.raises(NotFound):
        act(phone_numbers.disconnect, acme.admin, acme.number.id)
    assert rows("SELECT action FROM audit_entries WHERE action ~ 'disconnected'") != []


def test_name_can_be_changed_and_has_a_length(acme: Team, rival: Team):
    renamed = act(phone_numbers.rename, acme.admin, acme.number.id, display_name=" Main ")

    assert renamed.display_name == "Main"
    for bad in ("", "x" * 101, "a\x00b"):
        with pytest.raises(ValidationFailed):
            act(phone_numbers.rename, acme.admin, acme.number.id, display_name=bad)


@pytest.mark.parametrize("name", ["add", "rename", "disconnect"])
def test_only_owners_and_admins_set_numbers_up(acme: Team, rival: Team, name: str):
    def call(session: Any, actor: Actor) -> None:
        if name == "add":
            phone_numbers.add(session, actor, phone_number=NEW, display_name="New")
        elif name == "rename":
            phone_numbers.rename(session, actor, acme.number.id, display_name="New")
        else:
            phone_numbers.disconnect(session, actor, acme.number.id)

    for role, actor in acme.members().items():
        error = permissions.error_of(call, actor)
        assert (error is None) == (role in {Role.OWNER, Role.ADMIN}), role
    if name != "add":
        assert isinstance(permissions.error_of(call, rival.owner), NotFound)


def test_steps_of_another_workspaces_number_do_not_exist(open_line: Line):
    stranger = make_team("Stranger").owner
    number = add(open_line.team.admin).id

    for step in (
        lambda: ask(stranger, number),
        lambda: registration.verify_code(stranger, number, code="123456"),
        lambda: registration.register(stranger, number),
    ):
        with pytest.raises(NotFound):
            step()
