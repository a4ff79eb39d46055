"""Nothing secret or personal in a log, and nobody forges a line of it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app import log

SECRETS: list[tuple[dict[str, Any], str]] = [
    ({"password": "hunter22222"}, "hunter22222"),
    ({"new_password": "hunter22222"}, "hunter22222"),
    ({"app_secret": "0123abcd"}, "0123abcd"),
    ({"access_token": "abcd"}, "abcd"),
    ({"verify_token": "abcd"}, "abcd"),
    ({"Authorization": "Basic YWJj"}, "YWJj"),
    ({"cookie": "sid=abcdef"}, "abcdef"),
    ({"Set-Cookie": "sid=abcdef"}, "abcdef"),
    ({"api_key": "wk_live"}, "wk_live"),
    ({"apikey": "wk_live"}, "wk_live"),
    ({"x-hub-signature-256": "sha256=abcdef"}, "abcdef"),
    ({"pin": "493817"}, "493817"),
    ({"headers": {"authorization": "Bearer abcdef"}}, "abcdef"),
    ({"rows": [{"token": "abcdef"}]}, "abcdef"),
    ({"error": "401 for Bearer EAAGabcdef.ghi"}, "EAAGabcdef"),
    ({"error": "token EAAGm0PX4ZCpsBAKZCxyz refused"}, "EAAGm0PX4ZCpsBAKZCxyz"),
    ({"error": "whsec_abcdef123 is wrong"}, "abcdef123"),
    ({"error": "sk_live_abcdef123 is wrong"}, "abcdef123"),
    ({"error": "wk_abcdefgh12345 is wrong"}, "abcdefgh12345"),
    ({"url": "postgresql://app:hunter2@db/app"}, "hunter2"),
    ({"url": "redis://:hunter2@cache:6379/0"}, "hunter2"),
    ({"url": "https://graph.facebook.com/v25.0/me?access_token=abcdef123"}, "abcdef123"),
    ({"path": "/api/webhooks/whatsapp?hub.verify_token=abcdef123&x=1"}, "abcdef123"),
]

PHONES: list[tuple[Any, str]] = [
    ("+447700900148", "7700900"),
    ("447700900148", "7700900"),
    ("call +447700900148 now", "7700900"),
    ("['+447700900148', '+12025550143']", "2025550"),
    ("to=447700900148", "7700900"),
    ("+44 7700 900148", "7700"),
    ("+1 (202) 555-0143", "555"),
]


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to its log, with everything put back afterwards."""
    yield from logging_to(io.StringIO(), monkeypatch)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The same on a terminal."""
    yield from logging_to(Terminal(), monkeypatch)


def logging_to(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root, before = logging.getLogger(), structlog.get_config()
    kept = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "nicegui", "rq.worker", "httpx")
    names += ("httpcore", "rq.cron", "alembic")
    others = {name: logging.getLogger(name) for name in names}
    saved = {name: (one.handlers, one.propagate, one.level) for name, one in others.items()}
    log.setup()
    yield stream
    root.handlers, root.level = kept
    for name, one in others.items():
        one.handlers, one.propagate, one.level = saved[name]
    structlog.configure(**before)


@pytest.mark.parametrize(("values", "secret"), SECRETS, ids=lambda value: repr(value)[:50])
def test_secret_is_hidden(lines: io.StringIO, values: dict[str, Any], secret: str):
    log.get("test").warning("something_happened", **values)

    assert "something_happened" in lines.getvalue()
    assert secret not in lines.getvalue()


@pytest.mark.parametrize(("phone", "middle"), PHONES, ids=lambda value: repr(value)[:40])
def test_phone_number_shows_its_last_digits_only(lines: io.StringIO, phone: Any, middle: str):
    log.get("test").info("called", number=phone)

    assert middle not in lines.getvalue()


def test_secret_in_a_librarys_message_is_hidden(lines: io.StringIO):
    logging.getLogger("some.library").warning("GET %s failed", "https://a:hunter2@example.com")

    assert "hunter2" not in lines.getvalue()
    assert json.loads(lines.getvalue())["level"] == "warning"


def test_secret_in_a_traceback_is_hidden(lines: io.StringIO):
    try:
        raise ValueError("Bearer abcdefgh")  # noqa: TRY301
    except ValueError:
        log.get("test").exception("broken")

    assert "abcdefgh" not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x1b[2K", "\x00"])
def test_value_cannot_forge_a_line(lines: io.StringIO, end: str):
    forged = f"x{end}" + '{"event": "owner signed in", "level": "info"}'

    log.get("test").info(forged, agent=forged)
    logging.getLogger("library").warning(forged)

    written = lines.getvalue().splitlines() if end != "\u2028" else lines.getvalue().split("\n")
    assert [json.loads(line)["level"] for line in written if line] == ["info", "warning"]
    assert "\x1b" not in lines.getvalue()


def test_bound_values_are_on_every_line_of_the_block_only(lines: io.StringIO):
    with log.bind(request_id="r-1"):
        log.get("test").info("inside")
    log.get("test").info("outside")

    inside, outside = map(json.loads, lines.getvalue().splitlines())
    assert inside["request_id"] == "r-1"
    assert "request_id" not in outside
    assert {"event", "level", "logger", "timestamp"} <= set(inside)


def test_ids_and_ordinary_numbers_stay_readable(lines: io.StringIO):
    key = "019a0c5e-7b1f-7c3d-9e2a-123456789012"

    log.get("test").info("counted", message_id=key, size=12345, took_ms=17)

    line = json.loads(lines.getvalue())
    assert (line["message_id"], line["size"], line["took_ms"]) == (key, 12345, 17)


def test_terminal_shows_what_needs_a_person_in_one_line(terminal: io.StringIO):
    log.get("test").info("web_started")
    logging.getLogger("uvicorn.error").info("Started server process")
    log.get("test").warning("worker_died", restart_in_s=0.5, reason="exit status -9")

    [line] = terminal.getvalue().splitlines()
    assert line[8:] == ' warning  worker_died restart_in_s=0.5 reason="exit status -9"'


def test_terminal_shows_no_secret_and_no_whole_number(terminal: io.StringIO):
    log.get("test").warning("refused", access_token="EAAGsecret", number="+447700900148")
    try:
        raise ValueError("Bearer abcdefgh")  # noqa: TRY301
    except ValueError:
        log.get("test").exception("broken")

    written = terminal.getvalue()
    assert not any(secret in written for secret in ("EAAGsecret", "7700900", "abcdefgh"))
    assert "\n    ValueError" in written


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x1b[2K", "\x00", "\x9b2K"])
def test_value_cannot_forge_a_line_of_a_terminal(terminal: io.StringIO, end: str):
    forged = f"x{end}12:00:00 error    owner signed in"

    log.get("test").warning(forged, agent=forged)
    try:
        raise ValueError(forged)  # noqa: TRY301
    except ValueError:
        log.get("test").exception("broken")

    first, second, *trace = terminal.getvalue().split("\n")[:-1]
    assert (first[8:16], second[8:14]) == (" warning", " error")
    assert all(line.startswith("    ") for line in trace)
    assert not {"\r", "\u2028", "\x1b", "\x00", "\x9b"} & set(terminal.getvalue())
