"""What Meta says of an account becomes a banner and a mail to its owners, until it is over."""

import itertools
import json
from typing import Any

import pytest

from app import db, jobs
from app.errors import NotFound, PermissionDenied
from app.services import notices
from app.services.inbound.drain import drain
from app.services.notices import NoticeView
from tests import factories
from tests.accounts import act
from tests.factories import Team
from tests.table_rows import count, execute, row, rows, value
from tests.webhook_factories import store_event

BEGAN = 1_739_321_000


def say(team: Team, field: str, said: dict[str, Any], at: int = BEGAN) -> None:
    entry = {"id": "1", "time": at, "changes": [{"field": field, "value": said}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    store_event(team.number.account_id, json.dumps(body).encode())
    assert drain()


def banners(team: Team) -> list[NoticeView]:
    found: list[NoticeView] = act(notices.list_open, team.viewer)
    return found


def restriction(kind: str, until: int) -> dict[str, Any]:
    info = {"restriction_type": kind, "expiration": str(until)}
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": [info]}


@pytest.mark.parametrize(
    ("news", "words", "level"),
    [
        (("account_update", {"event": "ACCOUNT_DELETED"}), "was deleted", "DANGER"),
        (("account_update", {"event": "PARTNER_REMOVED"}), "no longer connected", "DANGER"),
        (
            (
                "account_update",
                {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}},
            ),
            "broke a rule: scam",
            "DANGER",
        ),
        (
            (
                "account_update",
                {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            ),
            "disabled",
            "DANGER",
        ),
        (
            ("account_update", restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", 4_000_000_000)),
            "no messages that you begin",
            "DANGER",
        ),
        (
            ("account_review_update", {"decision": "REJECTED"}),
            "not approved your business",
            "DANGER",
        ),
        (("account_review_update", {"decision": "PENDING"}), "not approved your business", "INFO"),
        (
            (
                "account_alerts",
                {
                    "entity_type": "PHONE_NUMBER",
                    "entity_id": "1",
                    "alert_info": {
                        "alert_severity": "WARNING",
                        "alert_status": "ACTIVE",
                        "alert_type": "PROFILE_PICTURE_LOST",
                        "alert_description": "The picture is gone.",
                    },
                },
            ),
            "The picture is gone.",
            "WARNING",
        ),
        (
            ("security", {"event": "PIN_CHANGED", "display_phone_number": "15550783881"}),
            "PIN of 15550783881 was changed",
            "WARNING",
        ),
    ],
)
def test_banner_says_what_happened_and_what_to_do_and_owners_get_one_mail(
    acme: Team, rival: Team, news: tuple[str, dict[str, Any]], words: str, level: str
):
    for _again in range(2):
        say(acme, *news)

    (found,) = banners(acme)
    assert words in found.sentence
    assert found.level.value == level
    assert found.remedy.endswith(".")
    assert banners(rival) == []
    for _again in range(2):
        jobs.sweep()
    mails = rows("SELECT recipient, kind FROM mails")
    owner = value("SELECT email FROM users WHERE id = %s", acme.owner.user_id)
    assert mails == ([] if level == "INFO" else [(owner, "notice")])


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        (
            "account_update",
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}},
            {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}},
        ),
        (
            "account_update",
            {"event": "PARTNER_APP_UNINSTALLED"},
            {"event": "ACCOUNT_RECONNECTED"},
        ),
        ("account_review_update", {"decision": "REJECTED"}, {"decision": "APPROVED"}),
        (
            "account_alerts",
            {"entity_id": "1", "alert_info": {"alert_status": "ACTIVE", "alert_type": "X"}},
            {"entity_id": "1", "alert_info": {"alert_status": "NONE", "alert_type": "X"}},
        ),
    ],
)
def test_good_news_ends_it_whatever_comes_first(
    acme: Team, field: str, bad: dict[str, Any], good: dict[str, Any]
):
    said = [(bad, BEGAN), (good, BEGAN + 60)]
    for order in itertools.permutations(said):
        execute("DELETE FROM notices")
        for one, at in order:
            say(acme, field, one, at)
        assert banners(acme) == []
        assert count("notices", "ended_at IS NOT NULL") == 1

    say(acme, field, bad, BEGAN + 120)
    assert len(banners(acme)) == 1


def test_restriction_is_over_when_its_time_is(acme: Team):
    say(acme, "account_update", restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION", BEGAN))

    assert banners(acme) == []


def test_dismissed_notice_comes_back_with_news_only_after_it_had_ended(acme: Team, rival: Team):
    deleted = {"event": "PARTNER_REMOVED"}
    say(acme, "account_update", deleted)
    (found,) = banners(acme)
    with pytest.raises(PermissionDenied):
        act(notices.dismiss, acme.viewer, found.id)
    with pytest.raises(NotFound):
        act(notices.dismiss, rival.admin, found.id)

    act(notices.dismiss, acme.admin, found.id)
    say(acme, "account_update", deleted, BEGAN + 10)
    assert banners(acme) == []

    say(acme, "account_update", {"event": "ACCOUNT_RECONNECTED"}, BEGAN + 20)
    say(acme, "account_update", deleted, BEGAN + 30)
    assert len(banners(acme)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"event": 7},
        {"event": "SOMETHING_NEW"},
        {"event": "ACCOUNT_RESTRICTION"},
        {"event": "ACCOUNT_RESTRICTION", "restriction_info": [None, {"expiration": "soon"}]},
        {"event": "DISABLED_UPDATE", "ban_info": []},
        {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "x\0" * 600}},
    ],
)
def test_odd_news_parks_nothing(acme: Team, said: dict[str, Any]):
    say(acme, "account_update", said)

    assert count("messages_unprocessed") == 0
    assert count("webhook_events", "state = 'PROCESSED'") == 1


def test_capability_is_kept_for_the_account_and_its_numbers(acme: Team, rival: Team):
    said = {
        "max_daily_conversations_per_business": "TIER_2K",
        "max_phone_numbers_per_business": 20,
    }
    say(acme, "business_capability_update", said)

    kept = (
        "SELECT a.max_phone_numbers, p.messaging_limit FROM whatsapp_accounts a"
        " JOIN phone_numbers p ON p.account_id = a.id WHERE a.workspace_id = %s"
    )
    assert row(kept, acme.id) == (20, "TIER_2K")
    assert row(kept, rival.id) == (None, None)


def test_last_webhook_of_an_account_is_noted(acme: Team, rival: Team):
    say(acme, "flows", {"event": "x"})

    last = "SELECT last_webhook_at IS NOT NULL FROM whatsapp_accounts WHERE id = %s"
    assert row(last, acme.number.account_id) == (True,)
    assert row(last, rival.number.account_id) == (False,)


def test_many_owners_are_told_once_each(acme: Team):
    other = factories.make_user(email="second@example.com")
    factories.make_membership(acme.id, other, acme.owner.role)
    say(acme, "account_update", {"event": "ACCOUNT_DELETED"})

    with db.transaction(role=db.DbRole.DRAIN) as session:
        notices.tell_owners(session)

    assert count("mails", "kind = 'notice'") == 2
    assert count("mails", "recipient = 'second@example.com'") == 1
