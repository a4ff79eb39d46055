"""Templates as messages: filled, kept as they were sent and read, sent when nothing else may be."""

import json
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.actor import Actor, Role
from app.errors import AppError, NotFound, ValidationFailed
from app.ids import new_id
from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from app.services import contacts, messages, sending, template_messages
from app.services.messages import MessageView
from app.services.outbox.drain import drain as drain_outbox
from app.services.plans import SubscriptionRequired
from app.services.sending import ContactOptedOut, OutsideServiceWindow
from app.services.template_messages import TemplateNotSendable
from app.services.templates.fill import Values
from app.services.templates.shape import Button, ButtonKind, HeaderKind, Shape, to_components
from tests import factories, permissions, table_rows
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import count, execute, status_of, value

SHAPE = Shape(
    header=HeaderKind.TEXT,
    header_text="Order {{1}}",
    header_examples={"1": "77"},
    body="Dear {{1}}, it leaves us on {{2}} for you.",
    examples={"1": "Ana", "2": "Monday"},
    footer="Marigold Home",
    buttons=(Button(kind=ButtonKind.QUICK_REPLY, text="Thanks"),),
)
VALUES = Values(header={"1": "4711"}, body={"1": "Bea", "2": "Friday"})
READS = "Order 4711\n\nDear Bea, it leaves us on Friday for you.\n\nMarigold Home"


@pytest.fixture
def template(line: Line) -> UUID:
    """One that Meta has approved, here and there."""
    body = {
        "name": "order_update",
        "language": "en_US",
        "category": "UTILITY",
        "components": to_components(SHAPE),
    }
    line.graph.store.templates.create(line.sandbox_number.waba_id, body, review_s=0)
    return keep(line.team, line.number.account_id)


def keep(team: Team, account_id: UUID, **changes: Any) -> UUID:
    row = Template(
        id=new_id(),
        workspace_id=team.id,
        account_id=account_id,
        **{
            "meta_id": "77",
            "name": "order_update",
            "language": "en_US",
            "category": TemplateCategory.UTILITY,
            "status": TemplateStatus.APPROVED,
            "components": to_components(SHAPE),
            **changes,
        },
    )
    table_rows.save(row)
    return row.id


def send(line: Line, template: UUID, values: Values = VALUES, **given: Any) -> MessageView:
    actor: Actor = given.pop("actor", line.team.agent)
    with db.transaction(line.team.id) as session:
        return template_messages.send(
            session,
            actor,
            given.pop("thread", line.thread),
            template_id=template,
            values=values,
            client_ref=given.pop("client_ref", None) or new_id(),
        )


def close_window(line: Line) -> None:
    execute(
        "UPDATE conversations SET window_expires_at = now() - interval '1 day' WHERE id = %s",
        line.thread,
    )


def sandbox_has(line: Line) -> dict[str, Any]:
    row = line.graph.store.database.rows(
        "SELECT type, content, category FROM messages WHERE is_from_customer = 0"
    )[-1]
    return {"type": row["type"], "category": row["category"], **json.loads(row["content"])}


def test_what_was_sent_and_what_is_read_are_kept_and_the_customer_reads_the_same(
    line: Line, template: UUID
):
    sent = send(line, template)
    drain_outbox()

    assert status_of(sent.id) in {"sent", "delivered", "read"}
    assert (sent.type.value, sent.text) == ("template", READS)
    assert sent.content == {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "4711"}]},
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Bea"}, {"type": "text", "text": "Friday"}],
            },
        ],
        "category": "UTILITY",
        "buttons": ["Thanks"],
    }
    there = sandbox_has(line)
    assert (there["type"], there["text"], there["category"]) == ("template", READS, "utility")
    assert value("SELECT last_message_text FROM conversations WHERE id = %s", line.thread)


def test_template_goes_where_a_text_may_not_any_more_and_again_when_a_person_says_so(
    line: Line, template: UUID
):
    close_window(line)
    with pytest.raises(OutsideServiceWindow):
        line.write("Hello again")

    sent = send(line, template)
    drain_outbox()
    assert status_of(sent.id) == "sent"
    execute("UPDATE messages SET status = 'uncertain', wamid = NULL WHERE id = %s", sent.id)
    with db.transaction(line.team.id) as session:
        sending.send_again(session, line.team.agent, sent.id)
    drain_outbox()
    assert status_of(sent.id) == "sent"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        (Values(), {"header.1", "body.1", "body.2"}),
        (Values(header={"1": "4711"}, body={"1": " ", "2": "Friday"}), {"body.1"}),
        (Values(header={"1": "4711"}, body={"1": "a\nb", "2": "Friday"}), {"body.1"}),
        (Values(header={"1": "x" * 1025}, body={"1": "a", "2": "b"}), {"header.1"}),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_queued(
    line: Line, template: UUID, values: Values, wrong: set[str]
):
    with pytest.raises(ValidationFailed) as refused:
        send(line, template, values)

    assert set(refused.value.fields) == wrong
    assert count("messages", "workspace_id = %s", line.team.id) == 0


@pytest.mark.parametrize(
    "status", [one for one in TemplateStatus if one not in {"APPROVED", "DELETED"}]
)
def test_template_that_is_not_approved_is_not_sent(line: Line, status: TemplateStatus):
    template = keep(line.team, line.number.account_id, status=status)

    with pytest.raises(TemplateNotSendable):
        send(line, template)
    with db.transaction(line.team.id) as session:
        assert template_messages.list_for(session, line.team.agent, line.thread) == []


def test_templates_are_those_of_the_numbers_own_account(line: Line, template: UUID, rival: Team):
    elsewhere = keep(line.team, line.team.number.account_id)
    theirs = keep(rival, rival.number.account_id)

    with db.transaction(line.team.id) as session:
        found = template_messages.list_for(session, line.team.agent, line.thread)
    assert [one.id for one in found] == [template]
    for other in (elsewhere, theirs):
        with pytest.raises(NotFound):
            send(line, other)
    assert count("messages", "type = 'template'") == 0


def test_two_clicks_are_one_message(line: Line, template: UUID):
    reference = new_id()

    first = send(line, template, client_ref=reference)
    again = send(line, template, client_ref=reference)

    assert first.id == again.id
    assert count("messages", "type = 'template'") == 1


def test_viewers_do_not_send_and_who_does_not_pay_neither(line: Line, template: UUID):
    def call(session: Any, actor: Actor) -> None:
        template_messages.send(
            session, actor, line.thread, template_id=template, values=VALUES, client_ref=new_id()
        )

    for role, actor in line.team.members().items():
        assert (permissions.error_of(call, actor) is None) == (role is not Role.VIEWER)
    execute("UPDATE subscriptions SET status = 'CANCELED'")
    error: AppError | None = permissions.error_of(call, line.team.agent)
    assert isinstance(error, SubscriptionRequired)


def test_refusal_of_whatsapp_is_the_messages_own(line: Line, template: UUID):
    line.graph.fail("132015")

    sent = send(line, template)
    drain_outbox()

    with db.transaction(line.team.id) as session:
        view = messages.get(session, line.team.agent, sent.id)
    assert view.status.value == "failed"
    assert view.error
    assert view.error["code"] == 132015
    assert not view.can_retry


def test_marketing_is_not_sent_to_who_wants_none_and_the_rest_is(line: Line, template: UUID):
    marketing = keep(
        line.team,
        line.number.account_id,
        name="sale",
        category=TemplateCategory.MARKETING,
        components=to_components(SHAPE),
    )
    execute("UPDATE contacts SET opted_out_at = now() WHERE workspace_id = %s", line.team.id)

    with pytest.raises(ContactOptedOut):
        send(line, marketing)
    assert send(line, template).status.value == "queued"
    execute("UPDATE contacts SET opted_out_at = NULL WHERE workspace_id = %s", line.team.id)
    assert send(line, marketing).status.value == "queued"


def test_what_is_known_of_a_customer_can_fill_variables(acme: Team, rival: Team):
    contact = factories.make_contact(acme.id, phone="+447700900456", name="Ana Maria Ruiz")
    execute(
        "UPDATE contacts SET custom_fields = %s WHERE id = %s",
        json.dumps({"city": "Porto", "empty": ""}),
        contact,
    )

    with db.transaction(acme.id) as session:
        known = contacts.fillings(session, acme.viewer, contact)

    assert known == {
        "first_name": "Ana",
        "name": "Ana Maria Ruiz",
        "last_name": "Maria Ruiz",
        "phone_number": "+447700900456",
        "city": "Porto",
    }
