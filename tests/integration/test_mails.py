"""Letters over real SMTP: what arrives, what is tried again, and what is forgotten afterwards."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.config import configure, settings
from app.pages.doors import dev_mail
from app.services.mails import drain, letters, mailbox, post
from tests.accounts import alone, email_of, make_person, race
from tests.api.conftest import Api
from tests.factories import Team
from tests.smtp import certificate_of_localhost, smtp_server
from tests.subprocesses import free_port
from tests.table_rows import execute, row, rows

BASE = "https://inbox.example.com"
STATE = "SELECT state, body IS NULL, attempt_count, error FROM mails"
ANA = "ana@example.com"


def write(recipient: str = ANA) -> None:
    alone(post.post, recipient, letters.reset_password("a-token"))


def try_again() -> float:
    """Note how long the letter waits, let the time pass, and drain."""
    (pause,) = row("SELECT extract(epoch FROM next_attempt_at - updated_at) FROM mails")
    execute("UPDATE mails SET next_attempt_at = now()")
    drain.drain()
    return float(pause)


def use_mailbox(folder: Path) -> None:
    """Keep letters in a folder of the test's own, under the keys of the database at hand."""
    shutil.copy(settings().data_dir / "secret_key", folder)
    configure(data_dir=folder, base_url="http://localhost:8000")


def test_letter_arrives_as_text_and_in_the_look_of_the_product():
    configure(base_url=BASE, app_name="Parley & Co", operator_name="Marigold <Ltd>")
    letter = letters.invitation("to/ken", inviter="<b>Eve</b>", workspace="Pots & Pans", role="x")

    with smtp_server() as server:
        alone(post.post, ANA, letter)
        drain.drain()

    (mail,) = server.mails
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert mail["To"] == ANA
    assert mail["From"] == "Parley & Co <no-reply@inbox.example.com>"
    assert mail["Subject"] == "<b>Eve</b> invites you to Pots & Pans"
    assert mail["Message-ID"].endswith("@inbox.example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    link = f"{BASE}/invitations/to%2Fken"
    assert link in text
    assert f'href="{link}"' in html
    assert "<b>Eve</b> invites you" in text
    assert "<b>" not in html
    assert "&lt;b&gt;Eve&lt;/b&gt; invites you" in html
    assert 'class="button" style="background:#0B7A5B' in html
    for body in (text, html.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")):
        assert "Parley & Co · Marigold <Ltd>" in body


def test_letter_arrives_in_whatever_script_its_names_are():
    letter = letters.invitation("t", inviter="Łukasz 👋", workspace="الورد", role="أ")

    with smtp_server() as server:
        alone(post.post, ANA, letter)
        drain.drain()

    assert server.mails[0]["Subject"] == "Łukasz 👋 invites you to الورد"
    assert "الورد" in server.mails[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "Origin-Host"])
def test_link_never_comes_from_the_request(acme: Team, rival: Team, header: str):
    configure(base_url=BASE)
    ana, other = make_person(acme.id), make_person(rival.id)

    with smtp_server() as server:
        answer = Api().post(
            "/api/auth/forgot-password",
            json={"email": email_of(ana)},
            headers={header: "host=evil.example" if header == "Forwarded" else "evil.example"},
        )
        drain.drain()

    assert answer.status_code == 202
    (mail,) = server.mails
    assert mail["To"] == email_of(ana) != email_of(other)
    text = mail.get_body(("plain",)).get_content()
    links = [urlsplit(word) for word in text.split() if "://" in word]
    assert {f"{link.scheme}://{link.netloc}" for link in links} == {BASE}
    assert "evil" not in str(mail)


def test_body_with_its_link_is_forgotten_once_it_is_sent():
    write()
    (sealed,) = row("SELECT body FROM mails")

    with smtp_server():
        drain.drain()

    assert b"a-token" not in bytes(sealed)
    assert row(STATE) == ("SENT", True, 1, None)


def test_letter_waits_longer_each_time_and_is_parked_after_the_last_try():
    configure(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    write()
    drain.drain()

    pauses = [try_again() for _ in drain.PAUSES_S]

    assert pauses == [pytest.approx(pause, abs=1) for pause in drain.PAUSES_S]
    assert pauses == sorted(pauses)
    assert sum(pauses) > 20 * 3600
    assert row(STATE) == ("FAILED", True, len(drain.PAUSES_S) + 1, "ConnectionRefusedError")


def test_letter_is_left_alone_while_its_pause_lasts():
    configure(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    write()
    for _turn in range(3):
        drain.drain()

    assert row(STATE) == ("PENDING", False, 1, "ConnectionRefusedError")


@pytest.mark.parametrize("step", ["recipient_answer", "data_answer"])
def test_server_that_is_busy_gets_it_later_and_only_once(step: str):
    write()
    with smtp_server() as server:
        setattr(server, step, "451 Try again later")
        drain.drain()
        state, is_forgotten, tries, why = row(STATE)
        setattr(server, step, "250 OK")
        drain.drain(ignore_pauses=True)
        drain.drain(ignore_pauses=True)

    assert (state, is_forgotten, tries) == ("PENDING", False, 1)
    assert ANA not in why
    assert len(server.mails) == 1
    assert row(STATE) == ("SENT", True, 2, None)


@pytest.mark.parametrize("step", ["recipient_answer", "data_answer"])
def test_server_that_says_never_is_not_asked_again_and_holds_nobody_up(step: str):
    write()
    with smtp_server() as server:
        setattr(server, step, "550 No such person")
        drain.drain()
        setattr(server, step, "250 OK")
        write("bo@example.com")
        drain.drain(ignore_pauses=True)

    assert [mail["To"] for mail in server.mails] == ["bo@example.com"]
    found = rows("SELECT recipient, state, body IS NULL, attempt_count FROM mails ORDER BY id")
    assert found == [(ANA, "FAILED", True, 1), ("bo@example.com", "SENT", True, 1)]


def test_every_letter_is_sent_once_with_two_drains_at_once():
    people = [f"person{number}@example.com" for number in range(20)]
    for recipient in people:
        write(recipient)

    with smtp_server() as server:
        race(drain.drain, drain.drain)

    assert sorted(mail["To"] for mail in server.mails) == sorted(people)
    assert len({mail["Message-ID"] for mail in server.mails}) == len(people)


def test_letter_whose_sender_died_is_sent_again_under_the_same_id():
    write()
    (body,) = row("SELECT body FROM mails")
    with smtp_server() as server:
        drain.drain()
        # What is left of a process that died between the server's answer and its own note.
        execute("UPDATE mails SET state = 'PENDING', next_attempt_at = now(), body = %s", body)
        drain.drain()

    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_rolled_back_reason_sends_nothing(acme: Team):
    def change_ones_mind(session: object) -> None:
        post.post(session, ANA, letters.password_changed())  # type: ignore[arg-type]
        raise KeyError

    with smtp_server() as server:
        with pytest.raises(KeyError):
            alone(change_ones_mind)
        drain.drain()

    assert not server.mails


def test_password_and_letter_go_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    context, trusted = certificate_of_localhost(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    write()

    with smtp_server(user="post:p%40ss@", tls_context=context) as server:
        drain.drain()

    assert server.logins == [("post", "p@ss")]
    assert server.was_encrypted == [True]
    assert row(STATE) == ("SENT", True, 1, None)


def test_server_with_a_strange_certificate_is_told_nothing(tmp_path: Path):
    context, _trusted = certificate_of_localhost(tmp_path)
    write()

    with smtp_server(user="post:p%40ss@", tls_context=context) as server:
        drain.drain()

    assert not server.logins
    assert not server.mails
    assert row(STATE) == ("PENDING", False, 1, "SSLCertVerificationError")


def test_password_is_not_sent_over_an_open_line():
    write()

    # An address that is this machine to the system, and to us is not.
    with smtp_server(user="post:p%40ss@", host="0.0.0.0", auth_require_tls=False) as server:  # noqa: S104
        drain.drain()

    assert not server.logins
    assert row(STATE) == ("PENDING", False, 1, "SMTPNotSupportedError")


def test_wrong_password_is_tried_again_later():
    write()

    with smtp_server(user="post:wrong@", auth_require_tls=False) as server:
        drain.drain()

    assert not server.mails
    assert row(STATE) == ("PENDING", False, 1, "SMTPAuthenticationError 535")


def test_mailbox_keeps_letters_whole_and_for_their_owner_only(tmp_path: Path):
    use_mailbox(tmp_path)
    write()
    write("bo@example.com")
    drain.drain()

    first, second = sorted(mailbox.list_mails(), key=lambda mail: mail.recipient)

    assert (first.recipient, second.recipient) == (ANA, "bo@example.com")
    assert "http://localhost:8000/reset-password?token=a-token" in first.text
    assert mailbox.get_mail(UUID(first.id)) == first
    files = list((tmp_path / "mail").iterdir())
    assert {file.suffix for file in files} == {".eml"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize(
    ("changes", "caller", "is_there"),
    [
        ({}, "127.0.0.1", True),
        ({}, "::1", True),
        ({}, "192.0.2.7", False),
        ({"base_url": BASE}, "127.0.0.1", False),
        ({"environment": "production"}, "127.0.0.1", False),
        ({"smtp_url": "smtp://127.0.0.1:25"}, "127.0.0.1", False),
    ],
)
def test_mailbox_is_a_page_for_this_machine_in_development_only(
    tmp_path: Path, changes: dict[str, str], caller: str, *, is_there: bool
):
    use_mailbox(tmp_path)
    write()
    drain.drain()
    (mail,) = mailbox.list_mails()
    configure(**changes)

    for path in ("/dev/mail", f"/dev/mail/{mail.id}"):
        answer = asyncio.run(open_page(path, caller))
        assert answer.status_code == (200 if is_there else 404)
        assert (ANA in answer.text) == is_there


async def open_page(path: str, caller: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(dev_mail.router)
    transport = httpx.ASGITransport(app, client=(caller, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as asking:
        return await asking.get(path)
