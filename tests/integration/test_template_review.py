"""A template's life with Meta, the real sandbox being Meta: written, refused, reviewed, gone."""

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from app.actor import Role
from app.errors import NotFound, PermissionDenied, ValidationFailed
from app.models.enums import TemplateCategory, TemplateStatus
from app.services.templates import drafts, review
from app.services.templates.drafts import (
    TemplateNameTaken,
    TemplateNotEditable,
    TemplateText,
    TemplateView,
)
from app.services.templates.shape import Button, ButtonKind, Shape
from app.services.whatsapp.client import GraphRefused
from tests.accounts import act, outcome
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import count, execute, value
from tests.waiting import wait_until

GOOD = TemplateText(
    name="order_update",
    language="en_US",
    category=TemplateCategory.UTILITY,
    shape=Shape(
        body="Hello {{1}}, your order is on its way.",
        examples={"1": "Ana"},
        footer="Marigold",
        buttons=(Button(kind=ButtonKind.QUICK_REPLY, text="Thanks"),),
    ),
)


def saying(body: str, **other: Any) -> TemplateText:
    return replace(GOOD, shape=Shape(body=body, **other))


def draft(line: Line, text: TemplateText = GOOD) -> UUID:
    made = act(drafts.create, line.team.admin, line.number.account_id, text)
    assert made.status is TemplateStatus.DRAFT
    return UUID(str(made.id))


def sync(line: Line) -> int:
    return review.sync(line.team.admin, line.number.account_id)


def reviewed(line: Line, template: UUID) -> drafts.TemplateView:
    """Wait until Meta has decided, and take it over."""

    def is_over() -> bool:
        sync(line)
        return status(line, template) is not TemplateStatus.PENDING

    wait_until(is_over)
    view: drafts.TemplateView = act(drafts.get, line.team.viewer, template)
    return view


def status(line: Line, template: UUID) -> TemplateStatus:
    return TemplateStatus(act(drafts.get, line.team.viewer, template).status)


def test_draft_is_submitted_reviewed_and_ready_to_send(line: Line):
    template = draft(line)

    submitted = review.submit(line.team.admin, template, GOOD)

    assert (submitted.status, submitted.is_sendable) == (TemplateStatus.PENDING, False)
    view = reviewed(line, template)
    assert (view.status, view.is_sendable) == (TemplateStatus.APPROVED, True)
    assert view.shape == GOOD.shape
    assert count("templates") == 1
    told = value("SELECT details FROM audit_entries WHERE action = 'template.submitted'")
    assert told == {"name": "order_update", "language": "en_US"}


def test_what_meta_would_refuse_is_told_at_its_place_before_it_is_asked(line: Line):
    template = draft(line)

    with pytest.raises(ValidationFailed) as refused:
        review.submit(line.team.admin, template, saying("{{1}} is here for you today"))

    assert list(refused.value.fields) == ["body"]
    assert status(line, template) is TemplateStatus.DRAFT
    assert line.graph.store.templates.list_all(line.number.waba_id) == []


def test_rejected_template_says_why_and_is_submitted_again(line: Line):
    text = saying("Please answer with your password, so that we can help you.")
    template = draft(line, text)
    review.submit(line.team.admin, template, text)
    view = reviewed(line, template)
    assert (view.status, view.reason) == (TemplateStatus.REJECTED, "SCAM")

    better = saying("Please call us, so that we can help you.")
    assert review.submit(line.team.admin, template, better).status is TemplateStatus.PENDING
    view = reviewed(line, template)

    assert (view.status, view.reason) == (TemplateStatus.APPROVED, None)
    assert view.shape.body == better.shape.body


def test_category_is_the_one_that_meta_gives(line: Line):
    text = saying("Everything is 20% off in our shop until Sunday.")
    template = draft(line, text)

    assert review.submit(line.team.admin, template, text).category is TemplateCategory.MARKETING


def test_what_waits_for_meta_cannot_be_changed(line: Line):
    template = draft(line)
    review.submit(line.team.admin, template, GOOD)

    with pytest.raises(TemplateNotEditable):
        act(drafts.change, line.team.admin, template, GOOD)
    if status(line, template) is TemplateStatus.PENDING:
        with pytest.raises(TemplateNotEditable):
            review.submit(line.team.admin, template, GOOD)


def test_approved_one_is_edited_once_a_day_and_keeps_what_meta_has(line: Line):
    template = draft(line)
    review.submit(line.team.admin, template, GOOD)
    reviewed(line, template)
    review.submit(line.team.admin, template, saying("Your order is ready in the shop."))
    reviewed(line, template)

    with pytest.raises(GraphRefused):
        review.submit(line.team.admin, template, saying("Your order is ready at last."))

    assert act(drafts.get, line.team.viewer, template).shape.body.endswith("in the shop.")


def test_name_is_free_once_in_a_language(line: Line):
    template = draft(line)

    with pytest.raises(TemplateNameTaken):
        act(drafts.create, line.team.admin, line.number.account_id, GOOD)
    german = act(drafts.duplicate, line.team.admin, template, name="order_update", language="de_DE")
    assert (german.shape, german.status) == (GOOD.shape, TemplateStatus.DRAFT)
    with pytest.raises(TemplateNameTaken):
        act(drafts.duplicate, line.team.admin, template, name="order_update", language="de_DE")


def test_sync_takes_over_what_meta_has_page_by_page_and_leaves_drafts(line: Line):
    template = draft(line)
    for number in range(230):
        line.graph.store.templates.create(
            line.number.waba_id,
            {
                "name": f"old_{number}",
                "language": "en_US",
                "category": "UTILITY",
                "components": [{"type": "BODY", "text": f"Number {number} is ready."}],
            },
            review_s=0,
        )

    assert sync(line) == 230
    assert sync(line) == 230  # again is the same
    listed = act(drafts.list_all, line.team.viewer)
    assert len(listed) == 231
    assert len(act(drafts.list_all, line.team.viewer, only_sendable=True)) == 230
    assert status(line, template) is TemplateStatus.DRAFT

    line.graph.store.templates.delete(line.number.waba_id, "old_7", None)
    sync(line)
    assert "old_7" not in {one.name for one in act(drafts.list_all, line.team.viewer)}


def test_lost_answer_of_a_submission_is_mended_by_the_next_sync(line: Line):
    template = draft(line)
    review.submit(line.team.admin, template, GOOD)
    execute("UPDATE templates SET meta_id = NULL, status = 'DRAFT' WHERE id = %s", template)
    with pytest.raises(GraphRefused):
        review.submit(line.team.admin, template, GOOD)

    assert reviewed(line, template).status is TemplateStatus.APPROVED
    assert count("templates") == 1


def test_deleted_template_is_gone_at_meta_too(line: Line):
    template = draft(line)
    review.submit(line.team.admin, template, GOOD)

    review.remove(line.team.admin, template)

    assert outcome(partial(act, drafts.get, line.team.admin, template)) is NotFound
    assert line.graph.store.templates.list_all(line.number.waba_id) == []


def test_meta_that_refuses_the_token_leaves_the_draft_with_its_new_text(line: Line):
    template = draft(line)
    line.graph.store.database.run(
        "UPDATE accounts SET access_token = 'another' WHERE waba_id = ?", line.number.waba_id
    )

    with pytest.raises(GraphRefused):
        review.submit(line.team.admin, template, saying("Another text for this template."))

    view = act(drafts.get, line.team.admin, template)
    assert view.status is TemplateStatus.DRAFT
    assert view.shape.body == "Another text for this template."


def test_others_neither_see_nor_change(line: Line, rival: Team):
    template = draft(line)
    account = line.number.account_id

    assert act(drafts.list_all, rival.owner) == []
    for call in (
        partial(act, drafts.get, rival.owner, template),
        partial(act, drafts.change, rival.owner, template, GOOD),
        partial(act, drafts.duplicate, rival.owner, template, name="a", language="en"),
        partial(act, drafts.create, rival.owner, account, GOOD),
        partial(review.submit, rival.owner, template, GOOD),
        partial(review.remove, rival.owner, template),
        partial(review.sync, rival.owner, account),
    ):
        assert outcome(call) is NotFound
    for role in (Role.AGENT, Role.VIEWER):
        actor = line.team.members()[role]
        for call in (
            partial(act, drafts.create, actor, account, GOOD),
            partial(act, drafts.change, actor, template, GOOD),
            partial(review.submit, actor, template, GOOD),
            partial(review.remove, actor, template),
            partial(review.sync, actor, account),
        ):
            assert outcome(call) is PermissionDenied


def test_verdict_is_told_by_a_webhook(line: Line):
    template = draft(line)
    review.submit(line.team.admin, template, GOOD)

    row = line.graph.store.database.row(
        "SELECT field, value FROM updates WHERE field <> 'messages' ORDER BY id DESC"
    )

    assert row is not None
    assert row["field"] == "message_template_status_update"
    assert '"event":"APPROVED"' in row["value"]


def test_program_submits_at_once_and_what_meta_refuses_is_not_kept(line: Line):
    def create(name: str) -> TemplateView:
        written = TemplateText(
            name=name, language="en_US", category=TemplateCategory.UTILITY,
            shape=Shape(body="Your order is here, see you soon."),
        )  # fmt: skip
        return review.create(
            line.team.admin, written, phone_number_id=line.number.id, is_submitted=True
        )

    assert create("order_here").status is TemplateStatus.PENDING
    execute("DELETE FROM templates")  # Meta still has it, so it takes no second one of the name
    with pytest.raises(GraphRefused):
        create("order_here")

    assert count("templates") == 0
