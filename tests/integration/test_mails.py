"""Mails over a real SMTP server: what arrives, how often, and what becomes of failures."""

import email
import email.policy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app import db
from app.config import configure
from app.services.mails import drain, letters, mailbox, post
from tests.factories import Team
from tests.subprocesses import free_port
from tests.table_rows import execute, row, rows, value

ANA = "ana@example.com"


class Server:
    """A mail server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.answers: list[str] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@pytest.fixture
def server() -> Iterator[Server]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    configure(smtp_url=f"smtp://127.0.0.1:{controller.port}", base_url="http://127.0.0.1:8000")
    yield handler
    controller.stop()


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test."""


def write(token: str = "secret-token", to: str = ANA) -> None:  # noqa: S107  # a test's
    with db.transaction() as session:
        post.post(session, to, letters.verify_email(token))


def state() -> tuple[Any, ...]:
    return row("SELECT state, attempt_count, body IS NULL FROM mails")


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_mail_arrives_as_text_and_in_the_products_look(server: Server):
    write("a+token/with=signs")

    assert drain.drain()

    (message,) = server.arrived
    assert server.recipients == [[ANA]]
    assert message["To"] == ANA
    assert message["Subject"] == "Confirm your e-mail address"
    assert "Parley" in message["From"]
    link = "http://127.0.0.1:8000/verify-email?token=a%2Btoken%2Fwith%3Dsigns"
    assert link in text_of(message, "plain")
    html = text_of(message, "html")
    assert link in html
    assert "#0B7A5B" in html
    assert "<script" not in html
    assert "http://" not in html.replace("http://127.0.0.1:8000", "").replace(
        "http://www.w3.org", ""
    )
    assert state() == ("SENT", 1, True)


def test_links_come_from_base_url_alone(server: Server):
    configure(base_url="https://inbox.example.com")

    with db.transaction() as session:
        post.post(session, ANA, letters.reset_password("t"))
    drain.drain()

    assert "https://inbox.example.com/reset-password?token=t" in text_of(server.arrived[0], "plain")
    assert "127.0.0.1" not in bytes(server.arrived[0]).decode()


def test_words_of_people_are_text_in_a_mail(server: Server):
    hostile = "<img src=x onerror=alert(1)>\r\nBcc: everybody@example.com"
    letter = letters.invitation("t", inviter=hostile, workspace=hostile, role="Agent")
    with db.transaction() as session:
        post.post(session, ANA, letter)

    drain.drain()

    (message,) = server.arrived
    assert message["Bcc"] is None
    assert server.recipients == [[ANA]]
    assert "<img src=x" not in text_of(message, "html")


def test_rolled_back_reason_sends_nothing(server: Server):
    def fail() -> None:
        with db.transaction() as session:
            post.post(session, ANA, letters.verify_email("t"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert drain.drain()
    assert server.arrived == []


def test_failure_for_now_is_tried_again_with_growing_pauses(server: Server):
    server.answers = ["451 Later", "451 Later", "451 Later"]
    write()
    pauses = []

    for _try in range(3):
        assert drain.drain()
        pauses.append(
            value("SELECT round(extract(epoch FROM next_attempt_at - updated_at)) FROM mails")
        )
        assert drain.drain()  # not due: nothing happens
        execute("UPDATE mails SET next_attempt_at = now()")
    assert drain.drain()

    assert pauses == list(drain.PAUSES_S[:3])
    assert len(server.arrived) == 1
    assert state() == ("SENT", 4, True)


def test_message_id_names_the_mail_so_that_every_try_has_the_same(server: Server):
    write()
    drain.drain()

    assert str(value("SELECT id FROM mails")) in server.arrived[0]["Message-ID"]


def test_refusal_for_good_is_kept_with_its_reason(server: Server):
    server.answers = ["550 No such mailbox"]
    write()

    drain.drain()
    drain.drain(ignore_pauses=True)

    assert server.arrived == []
    assert state() == ("FAILED", 1, True)
    assert "550" in value("SELECT error FROM mails")
    assert ANA not in value("SELECT error FROM mails")


def test_server_that_is_away_is_waited_for_a_day_and_no_longer(server: Server):
    configure(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    write()

    for _try in range(len(drain.PAUSES_S) + 1):
        execute("UPDATE mails SET next_attempt_at = now() WHERE state = 'PENDING'")
        assert drain.drain()

    assert state() == ("FAILED", len(drain.PAUSES_S) + 1, True)


def test_two_drains_send_each_mail_once(server: Server, acme: Team):
    for number in range(20):
        write(to=f"person{number}@example.com")

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _hand: drain.drain(), range(2)))

    assert sorted(one["To"] for one in server.arrived) == sorted(
        f"person{number}@example.com" for number in range(20)
    )


def test_mail_whose_sender_died_is_sent_after_its_lease(server: Server):
    write()
    execute("UPDATE mails SET attempt_count = 1, next_attempt_at = now() + interval '2 minutes'")
    assert drain.drain()
    assert server.arrived == []

    execute("UPDATE mails SET next_attempt_at = now()")
    assert drain.drain()

    assert len(server.arrived) == 1


def test_body_is_not_readable_in_the_database(server: Server):
    write("very-secret-token")

    assert b"very-secret-token" not in bytes(value("SELECT body FROM mails"))
    assert rows("SELECT 1 FROM mails m WHERE m::text LIKE '%%very-secret%%'") == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_name_and_password_of_the_server_are_used():
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    handler = Server()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        configure(smtp_url=f"smtp://us%40er:pa%3Ass@127.0.0.1:{controller.port}")
        write()
        assert drain.drain()
    finally:
        controller.stop()

    assert seen == [(b"us@er", b"pa:ss")]
    assert len(handler.arrived) == 1


def test_without_a_server_mails_are_kept_for_the_mailbox():
    configure(smtp_url="")
    write(to="kept@example.com")

    assert drain.drain()

    kept = next(one for one in mailbox.list_mails() if one.recipient == "kept@example.com")
    assert kept.subject == "Confirm your e-mail address"
    assert "/verify-email?token=secret-token" in kept.text
    assert mailbox.get_mail(value("SELECT id FROM mails")).text == kept.text
