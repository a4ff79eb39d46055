"""Templates for programs: listed a page at a time, kept as drafts, in Meta's own words."""

from typing import Any

import httpx
import pytest

from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from tests.api.callers import error_of, key_of
from tests.api.conftest import Api
from tests.factories import Team, connect_number
from tests.table_rows import count, save, value

TEMPLATES = "/api/templates"
COMPONENTS = [{"type": "BODY", "text": "Your order is here, see you soon."}]
DRAFT: dict[str, Any] = {
    "name": "order_update",
    "language": "en_US",
    "category": "UTILITY",
    "components": COMPONENTS,
    "submit": False,
}


def create(api: Api, team: Team, **changes: Any) -> httpx.Response:
    return api.post(
        TEMPLATES, headers=key_of(team.id, "template:manage"), json={**DRAFT, **changes}
    )


def test_draft_has_every_member_and_is_this_workspaces(api: Api, acme: Team, rival: Team):
    answer = create(api, acme)

    assert answer.status_code == 201, answer.text
    made = answer.json()["template"]
    assert {name: made[name] for name in ("name", "language", "category", "components")} == {
        name: DRAFT[name] for name in ("name", "language", "category", "components")
    }
    assert (made["status"], made["parameterFormat"], made["submittedAt"], made["reason"]) == (
        "DRAFT", "POSITIONAL", None, None,
    )  # fmt: skip
    path = f"{TEMPLATES}/{made['id']}"
    read = key_of(acme.id, "template:read")
    assert api.get(path, headers=read).json()["template"] == made
    assert error_of(api.get(path, headers=key_of(rival.id))) == (404, "not_found")
    assert api.get(TEMPLATES, headers=key_of(rival.id)).json() == {
        "templates": [],
        "nextCursor": None,
    }


def test_list_is_newest_first_by_cursor(api: Api, acme: Team):
    for number in range(3):
        create(api, acme, name=f"order_{number}")
    read = key_of(acme.id)

    first = api.get(f"{TEMPLATES}?limit=2", headers=read).json()
    rest = api.get(f"{TEMPLATES}?limit=2&cursor={first['nextCursor']}", headers=read).json()

    names = [one["name"] for one in (*first["templates"], *rest["templates"])]
    assert names == ["order_2", "order_1", "order_0"]
    assert rest["nextCursor"] is None


def test_draft_is_changed_and_deleted(api: Api, acme: Team):
    made = create(api, acme).json()["template"]
    path, key = f"{TEMPLATES}/{made['id']}", key_of(acme.id, "template:manage")
    other = [{"type": "BODY", "text": "It is here."}, {"type": "FOOTER", "text": "Marigold"}]

    changed = api.request(
        "PATCH", path, headers=key, json={"components": other, "submit": False}
    ).json()["template"]
    gone = api.request("DELETE", path, headers=key)

    assert (changed["components"], changed["name"]) == (other, "order_update")
    assert gone.status_code == 204
    assert count("templates") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Order Update", "submit": True}, "name"),
        ({"components": [{"type": "BODY", "text": "{{1}} is here"}], "submit": True}, "body"),
        ({"components": [{"type": "CAROUSEL"}]}, "components"),
        ({"components": []}, "components"),
        ({"components": [{"type": "FOOTER", "text": "x"}]}, "components"),
        ({"category": "NEWS"}, "category"),
        ({"parameterFormat": "OTHER"}, "parameterFormat"),
        ({"language": ""}, "language"),
        ({"text": "x"}, "text"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    api: Api, acme: Team, change: dict[str, Any], field: str
):
    answer = create(api, acme, **change)

    assert error_of(answer) == (422, "validation_failed")
    assert field in answer.json()["error"]["fields"]
    assert count("templates") == 0


def test_account_is_that_of_the_number_or_the_only_one(api: Api, acme: Team, rival: Team):
    other = connect_number(acme.id)

    assert error_of(create(api, acme)) == (422, "validation_failed")
    assert error_of(create(api, acme, phoneNumberId=str(rival.number.id))) == (404, "not_found")
    answer = create(api, acme, phoneNumberId=str(other.id))

    assert answer.status_code == 201, answer.text
    assert value("SELECT account_id FROM templates") == other.account_id
    again = create(api, acme, phoneNumberId=str(other.id))
    assert error_of(again) == (409, "template_name_taken")


def test_what_meta_has_keeps_its_name_and_is_not_changed_here_alone(api: Api, acme: Team):
    save(
        Template(
            workspace_id=acme.id,
            account_id=acme.number.account_id,
            meta_id="77",
            name="order_update",
            language="en_US",
            category=TemplateCategory.UTILITY,
            status=TemplateStatus.APPROVED,
            components=COMPONENTS,
        )
    )
    path = "/".join((TEMPLATES, str(value("SELECT id FROM templates"))))

    for change in ({"name": "another_name"}, {"components": COMPONENTS, "submit": False}):
        answer = api.request("PATCH", path, headers=key_of(acme.id), json=change)
        assert error_of(answer) == (409, "template_not_editable")


@pytest.mark.parametrize("scope", ["template:read", "message:send"])
def test_scope_is_asked(api: Api, acme: Team, scope: str):
    key = key_of(acme.id, scope)

    assert error_of(api.post(TEMPLATES, headers=key, json=DRAFT))[0] == 403
    assert count("templates") == 0
