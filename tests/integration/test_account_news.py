"""What Meta tells of templates and numbers takes effect, once and in its own order."""

import itertools
import json
from typing import Any
from uuid import UUID

import pytest

from app.components.number_health import lines
from app.models.enums import TemplateCategory, UnprocessedState
from app.services import number_health
from app.services.inbound.drain import drain
from app.services.templates import drafts
from app.services.templates.drafts import TemplateText
from app.services.templates.shape import Shape
from tests.accounts import act
from tests.factories import Team
from tests.table_rows import count, execute, rows, value
from tests.webhook_factories import envelope, store_event

META_ID = "1689556908129832"
BEGAN = 1_739_321_000


@pytest.fixture
def template(acme: Team, rival: Team) -> UUID:
    """A template of acme that Meta is looking at; the rival has one of the same name and id."""
    made = [template_of(team) for team in (acme, rival)]
    return made[0]


def template_of(team: Team) -> UUID:
    written = TemplateText(
        name="order_update",
        language="en_US",
        category=TemplateCategory.UTILITY,
        shape=Shape(body="Hello there."),
    )
    made = act(drafts.create, team.owner, team.number.account_id, written)
    execute("UPDATE templates SET status = 'PENDING', meta_id = %s WHERE id = %s", META_ID, made.id)
    return UUID(str(made.id))


def body(field: str, value: dict[str, Any], at: int | None = BEGAN) -> bytes:
    entry: dict[str, Any] = {"id": "1", "changes": [{"field": field, "value": value}]}
    if at is not None:
        entry["time"] = at
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def verdict(event: str, reason: str = "NONE", at: int | None = BEGAN, **other: Any) -> bytes:
    value = {
        "event": event,
        "message_template_id": int(META_ID),
        "message_template_name": "order_update",
        "message_template_language": "en_US",
        "reason": reason,
    }
    return body("message_template_status_update", value | other, at)


def hear(team: Team, *bodies: bytes) -> None:
    for one in bodies:
        store_event(team.number.account_id, one)
    drain(should_stop=lambda: False)


def state(template: UUID) -> tuple[str, str | None]:
    ((status, reason),) = rows("SELECT status, reason FROM templates WHERE id = %s", template)
    return status, reason


def test_verdict_is_the_templates_and_of_nobody_elses(acme: Team, template: UUID):
    hear(acme, verdict("REJECTED", "INVALID_FORMAT"))

    assert state(template) == ("REJECTED", "INVALID_FORMAT")
    assert count("templates", "status = 'PENDING'") == 1  # the rival's


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_last_word_counts_in_whatever_order_it_comes(
    acme: Team, template: UUID, order: tuple[int, ...]
):
    said = [
        verdict("APPROVED", at=BEGAN),
        verdict("PAUSED", "LOW_QUALITY", at=BEGAN + 60),
        verdict("UNPAUSED", at=BEGAN + 120),
    ]

    for place in order:
        hear(acme, said[place], said[place])

    assert state(template) == ("APPROVED", None)


def test_answer_that_was_lost_is_learnt_from_the_verdict(acme: Team, template: UUID):
    execute("UPDATE templates SET meta_id = NULL WHERE id = %s", template)

    hear(acme, verdict("APPROVED"))

    assert state(template) == ("APPROVED", None)
    assert value("SELECT meta_id FROM templates WHERE id = %s", template) == META_ID


def test_quality_and_category_are_kept(acme: Team, template: UUID):
    about = {
        "message_template_id": int(META_ID),
        "message_template_name": "order_update",
        "message_template_language": "en_US",
    }
    hear(
        acme,
        body("message_template_quality_update", about | {"new_quality_score": "RED"}),
        body("template_category_update", about | {"new_category": "MARKETING"}),
    )

    found = rows("SELECT quality, category FROM templates WHERE id = %s", template)
    assert found == [("RED", "MARKETING")]


def test_numbers_quality_limit_and_name_are_kept(acme: Team, rival: Team):
    phone = value("SELECT phone_number FROM phone_numbers WHERE id = %s", acme.number.id)
    about = {"display_phone_number": phone.lstrip("+")}
    hear(
        acme,
        body(
            "phone_number_quality_update", about | {"event": "FLAGGED", "current_limit": "TIER_1K"}
        ),
        body("phone_number_name_update", about | {"decision": "REJECTED"}),
    )

    found = rows(
        "SELECT quality_rating, messaging_limit, name_status FROM phone_numbers WHERE id = %s",
        acme.number.id,
    )
    assert found == [("RED", "TIER_1K", "DECLINED")]
    assert count("phone_numbers", "quality_rating IS NOT NULL") == 1


def test_account_hears_nothing_of_another_ones_route(acme: Team, rival: Team, template: UUID):
    hear(rival, verdict("APPROVED", message_template_name="another"))

    assert state(template) == ("PENDING", None)


@pytest.mark.parametrize(
    "odd",
    [
        verdict("SOMETHING_NEW"),
        verdict("APPROVED", reason=None),  # type: ignore[arg-type]  # as Meta might
        body("message_template_status_update", {}),
        body("message_template_status_update", {"event": ["APPROVED"]}),
        body("template_category_update", {"new_category": "FREE"}),
        body("phone_number_quality_update", {"display_phone_number": None}),
        body("phone_number_name_update", {"decision": "MAYBE", "display_phone_number": "1"}),
        verdict("APPROVED", at=None),
        verdict("APPROVED", reason="\0"),
    ],
)
def test_odd_news_harm_nothing(acme: Team, template: UUID, odd: bytes):
    hear(acme, odd, verdict("APPROVED", at=BEGAN + 60))

    assert state(template)[0] == "APPROVED"
    assert count("messages_unprocessed") == 0
    assert count("webhook_events", "state <> 'PROCESSED'") == 0


def test_platforms_route_reaches_the_account_that_the_entry_names(acme: Team, template: UUID):
    waba = value("SELECT waba_id FROM whatsapp_accounts WHERE id = %s", acme.number.account_id)
    execute("UPDATE whatsapp_accounts SET is_platform = true WHERE id = %s", acme.number.account_id)
    told = json.loads(verdict("APPROVED"))
    told["entry"][0]["id"] = waba

    store_event(None, json.dumps(told).encode())
    drain(should_stop=lambda: False)

    assert state(template) == ("APPROVED", None)
    assert count("messages_unprocessed", "state = %s", UnprocessedState.PARKED.value) == 0


def test_fields_that_nobody_acts_on_are_kept_and_named_in_the_numbers_health(
    acme: Team, rival: Team
):
    odd = "x" * 300 + "\\u0000"

    hear(acme, body("flows", {}), body("flows", {"a": 1}), body(odd, {}), verdict("APPROVED"))

    shown = act(number_health.get, acme.admin, acme.number.id)
    assert shown.unused_fields == ("flows", "x" * 100)
    assert act(number_health.get, rival.admin, rival.number.id).unused_fields == ()
    assert count("webhook_events", "state = 'PROCESSED'") == 4
    assert [line.value for line in lines(shown) if line.name == "unused"] == ["2 kinds"]


def test_platforms_route_names_the_field_to_the_account_of_the_entry(acme: Team, rival: Team):
    execute("UPDATE whatsapp_accounts SET is_platform = true")
    store_event(None, envelope({"field": "flows", "value": {}}, waba_id=acme.number.waba_id))
    drain(should_stop=lambda: False)

    assert act(number_health.get, acme.admin, acme.number.id).unused_fields == ("flows",)
    assert act(number_health.get, rival.admin, rival.number.id).unused_fields == ()
