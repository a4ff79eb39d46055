"""Every command as programs call it: one JSON object with the documented members, exit codes."""

from uuid import UUID

import pytest

from app.config import configure
from app.ids import new_id
from app.sandbox import FILE_NAME, Store
from tests.command_line import command, succeed
from tests.factories import Team
from tests.table_rows import count, row, rows
from tests.webhook_factories import store_event, text_message, webhook_body

PERSON = ("create-user", "--email", "ana@example.com", "--password", "a long enough password")
STATUSES = {"queued", "sending", "uncertain", "sent", "delivered", "read", "played", "failed"}
CONNECTED = {"phone_number_id", "account_id", "webhook_path"}


def connect(workspace: object, phone: str = "+15550100200", **over: str) -> tuple[str, ...]:
    options = {
        "workspace": str(workspace),
        "phone": phone,
        "phone-number-id": "900100",
        "waba-id": "800100",
        "access-token": "EAAG-token",
        "app-secret": "an-app-secret",
        **over,
    }
    return ("connect-number", *(word for name in options for word in (f"--{name}", options[name])))


def test_create_user_prints_both_ids_and_knows_addresses() -> None:
    answer = succeed(*PERSON, "--name", "Ana", "--workspace", "Ana's shop", "--admin")

    assert set(answer) == {"user_id", "workspace_id"}
    found = row("SELECT id, name, role, email_verified_at IS NOT NULL FROM users")
    assert found == (UUID(answer["user_id"]), "Ana", "ADMIN", True)
    assert row("SELECT id, name FROM workspaces") == (UUID(answer["workspace_id"]), "Ana's shop")
    plan = "SELECT s.status, p.name FROM subscriptions s JOIN plans p ON p.id = s.plan_id"
    assert [(state, name.lower()) for state, name in rows(plan)] == [("ACTIVE", "scale")]

    assert command(*PERSON).error[0] == "email_taken"
    assert count("users") == 1


@pytest.mark.parametrize(
    ("email", "password", "word"),
    [("nobody", "a long enough password", "e-mail"), ("a@example.com", "short", "password")],
)
def test_create_user_says_what_is_wrong(email: str, password: str, word: str) -> None:
    code, message = command("create-user", "--email", email, "--password", password).error

    assert code == "validation_failed"
    assert word in message.lower()
    assert password not in message


def test_connect_number_is_repeatable_but_in_one_workspace_only(acme: Team, rival: Team) -> None:
    before = count("phone_numbers")
    first = succeed(*connect(acme.id, **{"graph-url": "http://127.0.0.1:9/graph"}))
    again = succeed(*connect(acme.id, **{"verify-token": "another", "access-token": "EAAG-new"}))

    assert set(first) == CONNECTED
    assert first == again
    assert first["webhook_path"] == f"/api/webhooks/whatsapp/{first['account_id']}"
    state = "SELECT status FROM phone_numbers WHERE id = %s"
    assert row(state, first["phone_number_id"]) == ("VERIFIED",)
    assert count("phone_numbers") == before + 1

    assert command(*connect(rival.id)).error[0] == "phone_number_in_use"


@pytest.mark.parametrize("phone", ["12", "+1", "0170 1234567", "+49 abc"])
def test_connect_number_wants_a_number_with_its_country_code(acme: Team, phone: str) -> None:
    code, message = command(*connect(acme.id, phone)).error

    assert code == "validation_failed"
    assert "country code" in message


def test_connect_number_names_everything_that_is_wrong_and_keeps_nothing(acme: Team) -> None:
    before = count("phone_numbers"), count("whatsapp_accounts")
    wrong = {
        "phone-number-id": "1" * 300,
        "waba-id": " ",
        "access-token": "",
        "app-secret": "",
        "verify-token": "",
        "graph-url": "graph.facebook.com",
    }

    code, message = command(*connect(acme.id, "12", **wrong)).error

    assert code == "validation_failed"
    for field in ("phone_number", *(option.replace("-", "_") for option in wrong)):
        assert f"{field}: " in message
    assert (count("phone_numbers"), count("whatsapp_accounts")) == before


def test_connect_sandbox_makes_a_number_of_the_sandbox(acme: Team) -> None:
    answer = succeed("connect-sandbox", "--workspace", str(acme.id))

    assert set(answer) == CONNECTED
    store = Store(configure().data_dir / FILE_NAME)
    [number] = store.list_workspace_numbers(str(acme.id))
    store.close()
    assert number.callback == answer["webhook_path"]
    assert command("connect-sandbox", "--workspace", str(acme.id), SANDBOX="false").error[0] == (
        "sandbox_off"
    )


def test_stats_have_every_member(acme: Team, rival: Team) -> None:
    for team in (acme, acme, rival):
        store_event(team.number.account_id, webhook_body(team.number, [text_message()]))
    store_event(None, b"{}")

    everything = succeed("stats")
    own = succeed("stats", "--workspace", str(acme.id))

    for answer in (everything, own):
        assert set(answer) == {
            "webhook_events", "unprocessed", "messages", "contacts", "conversations", "queue",
        }  # fmt: skip
        assert set(answer["messages"]) == {"inbound", "outbound", "byStatus"}
        assert set(answer["messages"]["byStatus"]) == STATUSES
        assert set(answer["queue"]) == {"outbox", "media", "mail", "deliveries"}
    waiting = {"processed": 0, "failed": 0}
    assert everything["webhook_events"] == {"received": 4, "pending": 4, **waiting}
    assert own["webhook_events"] == {"received": 2, "pending": 2, **waiting}


def test_drain_prints_stats_and_replay_makes_pending_again(acme: Team) -> None:
    good = store_event(acme.number.account_id, webhook_body(acme.number, [text_message()]))
    store_event(acme.number.account_id, b"no json")

    drained = succeed("drain")
    assert drained["webhook_events"] == {"received": 2, "pending": 0, "processed": 1, "failed": 1}
    assert drained["messages"]["inbound"] == 1
    assert succeed("replay", "--failed") == {"replayed": 1}
    assert succeed("replay", "--event", str(good)) == {"replayed": 1}

    assert succeed("stats")["webhook_events"]["pending"] == 2
    assert succeed("drain")["messages"]["inbound"] == 1


@pytest.mark.parametrize("name", ["unknown", "no id"])
def test_what_does_not_exist_is_not_found(name: str) -> None:
    missing = str(new_id()) if name == "unknown" else name
    calls = [
        ("stats", "--workspace", missing),
        ("connect-sandbox", "--workspace", missing),
        connect(missing),
        ("replay", "--event", missing),
    ]

    assert {command(*call).error[0] for call in calls} == {"not_found"}
    assert count("phone_numbers") == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("create-user",),
        ("create-user", "--email"),
        ("stats", "--unknown"),
        ("drain", "--timeout", "soon"),
        ("drain", "--timeout", "nan"),
        ("drain", "--timeout", "-1"),
        ("replay",),
        ("replay", "--failed", "--event", "x"),
    ],
    ids=" ".join,
)
def test_wrong_call_is_an_error_with_the_way_to_help(words: tuple[str, ...]) -> None:
    code, message = command(*words).error

    assert code == "usage"
    assert "--help" in message
    assert "_seconds" not in message


def test_migrate_and_doctor_have_nothing_to_do() -> None:
    assert succeed("migrate") == {"migrated": []}
    assert succeed("doctor") == {"ok": True, "problems": []}
    code, message = command("migrate", DATABASE_OWNER_URL="").error
    assert code == "owner_url_missing"
    assert "DATABASE_OWNER_URL" in message
