"""Another key: what the old one has made opens all the while, and after the rotation without it."""

import hashlib
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

from app import db
from app.config import _development_key, configure, settings
from app.crypto import encrypt
from app.services import key_rotation, whatsapp_accounts
from app.services.key_rotation import LASTING, SEALED, KeyMissing
from app.services.secrets import Bound, open_secret
from tests import factories
from tests.accounts import make_person, person
from tests.command_line import command
from tests.factories import Team
from tests.table_rows import execute, value

OLD = "the old key which is long enough to be one"


def current() -> str:
    """The key of this test run: the roles of the database sign in with it."""
    config = settings()
    return config.secret_keys[0] if config.secret_keys else _development_key(config.data_dir)


def made_with_the_old_key(secret: str, bound: Bound, column: str) -> bytes:
    return encrypt(
        [hashlib.sha256(OLD.encode()).digest()],
        secret,
        bound_to=bound.at(column),
        tenant=bound.tenant,
    )


@pytest.fixture
def old(acme: Team, rival: Team) -> Iterator[str]:
    """Both workspaces' secrets are made with an old key; another one stands in front of it now."""
    new, before = current(), settings().secret_keys
    for team in (acme, rival):
        bound = Bound("whatsapp_accounts", team.id, team.number.account_id)
        for column in SEALED["whatsapp_accounts"][0]:
            execute(
                f"UPDATE whatsapp_accounts SET {column} = %s WHERE id = %s",  # noqa: S608  # our own words
                made_with_the_old_key(f"{column} of {team.id}", bound, column),
                team.number.account_id,
            )
        bound = Bound("phone_numbers", team.id, team.number.id)
        pin = made_with_the_old_key("123456", bound, "pin")
        execute("UPDATE phone_numbers SET pin = %s WHERE id = %s", pin, team.number.id)
    configure(secret_keys=(new, OLD))
    yield new
    configure(secret_keys=before)


def token_of(team: Team) -> str:
    with db.transaction(team.id) as session:
        row = whatsapp_accounts.find(session, team.owner, team.number.account_id)
        return whatsapp_accounts.credentials(row).access_token


def test_after_the_rotation_the_old_key_can_go(acme: Team, rival: Team, old: str):
    ana = make_person(acme.id)
    bound = Bound("users", None, person(ana))
    execute(
        "UPDATE users SET totp_secret = %s WHERE id = %s",
        made_with_the_old_key("JBSWY3DP", bound, "totp_secret"),
        ana.user_id,
    )

    assert key_rotation.rotate() == 2 * 4 + 1
    assert key_rotation.rotate() == 0

    configure(secret_keys=(old,))
    key_rotation.require_keys()
    for team in (acme, rival):
        assert token_of(team) == f"access_token of {team.id}"
        pin = value("SELECT pin FROM phone_numbers WHERE id = %s", team.number.id)
        assert open_secret(pin, Bound("phone_numbers", team.id, team.number.id), "pin") == "123456"
    totp = value("SELECT totp_secret FROM users WHERE id = %s", ana.user_id)
    assert open_secret(totp, bound, "totp_secret") == "JBSWY3DP"


def test_value_opens_at_every_moment_of_a_rotation_and_what_is_written_meanwhile_stays(
    acme: Team, rival: Team, old: str
):
    for _more in range(30):
        factories.connect_number(acme.id)
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            for team in (acme, rival):
                if token_of(team) != f"access_token of {team.id}":
                    wrong.append(team.id)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    changed = key_rotation.rotate()
    stop.set()
    for reader in readers:
        reader.join()

    assert changed
    assert wrong == []


def test_key_that_is_missing_is_told_before_anything_starts(acme: Team, old: str):
    configure(secret_keys=(old,))

    with pytest.raises(KeyMissing):
        key_rotation.require_keys()
    with pytest.raises(KeyMissing):
        key_rotation.rotate()
    configure(secret_keys=(old, OLD))
    key_rotation.require_keys()


def test_command_rotates_and_without_the_key_nothing_starts(acme: Team, old: str):
    refused = command("connect-sandbox", "--workspace", str(acme.id), SECRET_KEYS=old).error
    assert refused[0] == "key_missing"
    assert command("rotate-keys", SECRET_KEYS=old).error[0] == "key_missing"
    assert command("doctor", SECRET_KEYS=old).answer["ok"] is False

    assert command("rotate-keys", SECRET_KEYS=f"{old},{OLD}").answer == {"rotated": 8}

    assert command("rotate-keys", SECRET_KEYS=old).answer == {"rotated": 0}
    assert command("doctor", SECRET_KEYS=old).answer["ok"] is True


def test_every_column_of_bytes_that_is_no_hash_is_rotated():
    no_secrets = {"webhook_events.payload", "pictures.data", "idempotency_keys.body"}
    never_filled = {
        f"oauth_accounts.{name}" for name in ("access_token", "refresh_token", "id_token")
    }
    found: set[str] = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary) and not column.name.endswith("_hash")
    }
    sealed = {f"{table}.{name}" for table, (names, _) in SEALED.items() for name in names}

    assert found - no_secrets - never_filled == sealed
    assert set(LASTING) < set(SEALED)
