"""Meta's other moods in the sandbox, and what the product makes of them."""

from typing import Any
from uuid import UUID

import pytest

from app import db
from app.ids import new_id
from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from app.sandbox.behaviours import Scope
from app.sandbox.lifecycle import PAIR_BURST, PER_SECOND, Lifecycle
from app.services import notices, number_health, template_messages
from app.services.inbound.drain import drain
from app.services.outbox.drain import drain as drain_outbox
from app.services.templates.fill import Values
from tests import table_rows
from tests.accounts import act
from tests.integration.outbox_line import Line, listen
from tests.table_rows import count, execute, row, rows, status_of, value
from tests.waiting import wait_until

SALE = [{"type": "BODY", "text": "Come and see what is new in our shop."}]


def lifecycle(line: Line) -> Lifecycle:
    found: Lifecycle = line.graph.app.state.sandbox.lifecycle
    return found


def customer(line: Line) -> Any:
    (one, *_others) = line.graph.store.customers.list_all(line.sandbox_number.workspace)
    return one


def drained(query: str) -> bool:
    drain()
    return bool(rows(query))


@pytest.fixture
def sale(line: Line) -> UUID:
    """A marketing template that is approved on both sides."""
    body = {"name": "sale", "language": "en_US", "category": "MARKETING", "components": SALE}
    line.graph.store.templates.create(line.sandbox_number.waba_id, body, review_s=0)
    template = Template(
        id=new_id(),
        workspace_id=line.team.id,
        account_id=line.number.account_id,
        name="sale",
        language="en_US",
        category=TemplateCategory.MARKETING,
        status=TemplateStatus.APPROVED,
        components=SALE,
    )
    table_rows.save(template)
    return template.id


def test_customer_who_wants_no_marketing_tells_so_and_what_comes_all_the_same_fails(
    line: Line, sale: UUID
):
    listen(line)
    line.write("Hello")
    drain_outbox()
    with db.transaction(line.team.id) as session:
        before = template_messages.send(
            session, line.team.agent, line.thread, template_id=sale, values=Values(),
            client_ref=new_id(),
        ).id  # fmt: skip

    lifecycle(line).switch(customer(line), wants_marketing=False)
    line.graph.app.state.sandbox.delivery.wake()
    drain_outbox()

    wait_until(lambda: drained("SELECT opted_out_at FROM contacts WHERE opted_out_at IS NOT NULL"))
    wait_until(lambda: drained("SELECT 1 FROM messages WHERE status = 'failed'"))
    assert status_of(before) == "failed"
    assert value("SELECT error ->> 'code' FROM messages WHERE id = %s", before) == "131050"


def test_what_the_business_writes_in_its_app_comes_as_an_echo(line: Line):
    listen(line)
    lifecycle(line).echo(line.sandbox_number, customer(line), "From the counter")
    line.graph.app.state.sandbox.delivery.wake()

    wait_until(lambda: drained("SELECT 1 FROM messages WHERE is_echo"))
    assert row("SELECT direction, status, text FROM messages") == (
        "outbound", "sent", "From the counter",
    )  # fmt: skip


def test_quality_goes_down_by_webhook_and_is_there_when_asked(line: Line):
    listen(line)
    lifecycle(line).rate(line.sandbox_number, "RED")
    line.graph.app.state.sandbox.delivery.wake()

    wait_until(lambda: drained("SELECT 1 FROM phone_numbers WHERE quality_rating = 'RED'"))
    assert number_health.check(line.team.admin, line.number.id).quality_rating == "RED"
    lifecycle(line).rate(line.sandbox_number, "GREEN")


def test_token_that_has_ended_fails_messages_and_is_said_above_every_page(line: Line):
    line.graph.store.set_token_expired(line.sandbox_number.waba_id, is_expired=True)

    message = line.write("Hello")
    drain_outbox()
    number_health.check(line.team.admin, line.number.id)

    assert status_of(message) == "failed"
    assert value("SELECT error ->> 'code' FROM messages WHERE id = %s", message) == "190"
    (notice,) = act(notices.list_open, line.team.viewer)
    assert "access token" in notice.sentence
    line.graph.store.set_token_expired(line.sandbox_number.waba_id, is_expired=False)
    number_health.check(line.team.admin, line.number.id)
    assert act(notices.list_open, line.team.viewer) == []


@pytest.mark.parametrize(
    ("threads", "each", "code"), [(1, PAIR_BURST + 1, 131056), (4, PER_SECOND // 4 + 1, 130429)]
)
def test_what_is_faster_than_meta_lets_waits_for_its_next_try(
    line: Line, threads: int, each: int, code: int
):
    scope = Scope(meta_phone_number_id=line.number.meta_id, workspace=line.sandbox_number.workspace)
    line.graph.store.behaviours.change(scope, {"limits": True})
    places = [line.thread, *(line.new_thread() for _ in range(threads - 1))]
    known = [
        value(
            "SELECT ltrim(c.phone_number, '+') FROM conversations t"
            " JOIN contacts c ON c.id = t.contact_id WHERE t.id = %s",
            place,
        )
        for place in places
    ]
    sandbox, store = lifecycle(line), line.graph.store
    for phone in known:
        person = store.customers.find_or_create(line.sandbox_number.workspace, str(phone))
        for _one in range(each if code == 131056 else each - 1):
            sandbox.echo(line.sandbox_number, person, "Fast")
    store.database.run("UPDATE messages SET sent_at = sent_at + 30")  # all of them just now

    message = line.write("One too many")
    drain_outbox()

    assert status_of(message) == "queued"
    assert value("SELECT error ->> 'code' FROM messages WHERE id = %s", message) == str(code)
    assert count("messages", "status = 'failed'") == 0
    line.graph.store.behaviours.change(scope, {"limits": False})
    execute("UPDATE messages SET next_attempt_at = now() WHERE id = %s", message)
    drain_outbox()
    assert status_of(message) == "sent"
