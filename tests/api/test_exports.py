"""The diary as a file: whole however long it is, filtered, and harmless in a spreadsheet."""

import csv
import io

import pytest

from app.actor import Actor
from app.api import exports
from app.services import audit
from tests.accounts import act
from tests.api.callers import browser_of, error_of
from tests.api.conftest import Api
from tests.factories import Team
from tests.table_rows import execute, value

CSV = "/exports/audit.csv"


@pytest.fixture(autouse=True)
def _diary(acme: Team, rival: Team) -> None:
    """Begin with empty diaries, and something in the other workspace's."""
    execute("TRUNCATE audit_entries")
    note(rival.owner, "key.theirs")


def note(actor: Actor, action: str) -> None:
    act(
        lambda session, one: audit.record(session, one.workspace_id, action, user_id=one.user_id),
        actor,
    )


def lines(api: Api, actor: Actor, **query: str) -> list[list[str]]:
    answer = api.get(CSV, params=query, headers=browser_of(actor))
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_file_holds_no_formula_and_says_that_it_was_taken(api: Api, acme: Team):
    execute("UPDATE users SET name = %s WHERE id = %s", '=HYPERLINK("//x")', acme.owner.user_id)
    note(acme.owner, "key.created")

    table = lines(api, acme.owner)

    assert table[0] == ["at", "action", "user", "email", "ip", "details"]
    told = [line for line in table[1:] if not line[1].startswith("session.")]
    assert [line[1] for line in told] == ["audit.exported", "key.created"]
    assert told[1][2] == '\'=HYPERLINK("//x")'


def test_foreign_page_takes_nothing_and_counts_nothing(api: Api, acme: Team):
    theirs = {
        "Cookie": browser_of(acme.owner)["Cookie"],
        "Sec-Fetch-Site": "cross-site",
    }

    for _again in range(20):
        assert error_of(api.get(CSV, headers=theirs))[0] == 403

    assert value("SELECT count(*) FROM audit_entries WHERE action = 'audit.exported'") == 0
    assert lines(api, acme.owner)


def test_file_is_whole_beyond_what_one_query_reads(api: Api, acme: Team):
    many = 2 * exports.ROWS + 3
    execute(
        "INSERT INTO audit_entries (id, workspace_id, action, details, created_at)"
        " SELECT gen_random_uuid(), %s, 'key.number' || n, '{}', now() - n * interval '1 second'"
        " FROM generate_series(1, %s) n",
        acme.id,
        many,
    )

    told = [line[1] for line in lines(api, acme.owner, action="key")[1:]]

    assert told == [f"key.number{number}" for number in range(1, many + 1)]


def test_file_is_filtered_as_the_page_is(api: Api, acme: Team, rival: Team):
    note(acme.owner, "key.created")
    note(acme.admin, "key.revoked")
    note(acme.admin, "member.removed")
    moment = value("SELECT created_at FROM audit_entries WHERE action = 'key.revoked'")

    def told(**query: str) -> list[str]:
        return [line[1] for line in lines(api, acme.owner, **query)[1:]]

    assert told(action="key") == ["key.revoked", "key.created"]
    assert told(action="key", userId=str(acme.owner.user_id)) == ["key.created"]
    assert told(action="key", since=moment.isoformat()) == ["key.revoked"]
    assert told(action="key", until=moment.isoformat()) == ["key.created"]
    assert told(action="key", userId=str(rival.owner.user_id)) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [("userId", "me"), ("since", "yesterday"), ("since", "2026-01-01T00:00"), ("until", "x" * 99)],
)
def test_filter_that_cannot_be_read_is_refused_and_names_itself(
    api: Api, acme: Team, name: str, text: str
):
    answer = api.get(CSV, params={name: text}, headers=browser_of(acme.owner))

    assert error_of(answer)[0] == 422
    assert name in answer.json()["error"]["fields"]
    assert not value("SELECT count(*) FROM audit_entries WHERE action = 'audit.exported'")
