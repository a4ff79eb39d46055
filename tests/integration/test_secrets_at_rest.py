"""Known tokens, PINs and codes are nowhere to be read: not in PostgreSQL, Redis, logs or mails."""

import base64
import secrets as random_secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app import db, log, queue
from app.config import settings
from app.errors import AppError
from app.ids import new_id
from app.services import api_keys, own_accounts, registration, second_factor, sending, sessions
from app.services.mails.drain import drain as drain_mails
from app.services.outbox.drain import drain as drain_outbox
from tests import factories
from tests.accounts import act, make_person, person
from tests.factories import PASSWORD, Team
from tests.integration.outbox_line import Line
from tests.integration.test_own_accounts import meta, theirs, typed  # noqa: F401  # fixtures
from tests.integration.test_registration import add, ask
from tests.table_rows import execute, rows

PIN = "314159"


def everything_in_the_database() -> Iterator[bytes]:
    names = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in names:
        for (line,) in rows(f"SELECT t::text FROM {name} t"):  # noqa: S608  # our own tables
            yield str(line).encode()
        blobs = rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND data_type = 'bytea'",
            name,
        )
        for (column,) in blobs:
            for (value,) in rows(f"SELECT {column} FROM {name} WHERE {column} IS NOT NULL"):  # noqa: S608  # same
                yield bytes(value)


def everything_in_redis() -> Iterator[bytes]:
    connection = queue.connection()
    for key in connection.scan_iter():
        yield bytes(key)
        yield bytes(connection.dump(key))


def everything_in_files() -> Iterator[bytes]:
    for path in (settings().data_dir / "mail").glob("**/*"):
        if path.is_file():
            yield path.read_bytes()


def forms_of(secret: str) -> dict[str, bytes]:
    plain = secret.encode()
    return {
        "plain": plain,
        "base64": base64.b64encode(plain).rstrip(b"="),
        "hex": plain.hex().encode(),
    }


@dataclass(frozen=True, slots=True)
class Used:
    """The secrets that were used, and what was logged meanwhile."""

    secrets: dict[str, str]
    log: bytes


@pytest.fixture
def used(  # type: ignore[no-untyped-def]
    line: Line,
    theirs,  # noqa: F811  # a fixture from beside
    rival: Team,
    capfd: pytest.CaptureFixture[str],
) -> Used:
    """Use every kind of secret, rightly and wrongly."""
    log.setup()
    boss = make_person(line.team.id, line.team.owner.role)
    known = {
        "access token": theirs.access_token,
        "app secret": theirs.app_secret,
        "replaced token": f"EAA{random_secrets.token_hex(20)}",
        "refused token": f"EAA{random_secrets.token_hex(20)}",
        "PIN": PIN,
        "password": PASSWORD,
    }
    log.get(__name__).warning("began", access_token=theirs.access_token, pin=PIN)
    own_accounts.connect(boss, typed(theirs), [theirs.meta_phone_number_id])
    for token in ("refused token", "replaced token"):
        with pytest.raises(AppError):
            own_accounts.replace_token(
                boss, line.number.account_id, access_token=known[token], app_secret="x"
            )
    number = add(boss)
    ask(boss, number.id)
    code = line.graph.store.registrations.sent_codes("elsewhere")[0].code
    registration.verify_code(boss, number.id, code=code)
    registration.register(boss, number.id, pin=PIN)
    known["second factor"] = act(second_factor.begin, boss).secret
    known["API key"] = act(api_keys.create, boss, name="Shop", scopes=None).secret
    with db.transaction() as session:
        known["sign-in"], _id = sessions.create(
            session, person(boss), line.team.id, ip=None, user_agent=None
        )
    line.write("Hello")
    drain_outbox()
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:9/graph'")
    with db.transaction(line.team.id) as session:
        thread = factories.make_conversation(line.number)
        sending.send_text(session, line.team.agent, thread, text="x", client_ref=new_id())
    drain_outbox()
    drain_mails()
    printed = capfd.readouterr()
    return Used(known, (printed.out + printed.err).encode())


def test_no_secret_can_be_read_anywhere(used: Used):
    sinks = {
        "database": b"\n".join(everything_in_the_database()),
        "redis": b"\n".join(everything_in_redis()),
        "log": used.log,
        "mails": b"\n".join(everything_in_files()),
    }
    assert b"Second counter" in sinks["database"]  # what is no secret is found
    assert b"wake:" in sinks["redis"]
    assert b'"event"' in sinks["log"]

    found = [
        (name, where, form)
        for name, secret in used.secrets.items()
        for where, sink in sinks.items()
        for form, written in forms_of(secret).items()
        if len(written) > 5 and written in sink
    ]

    assert len(used.secrets) >= 8
    assert found == []
