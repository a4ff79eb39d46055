"""Structured logs: one JSON object a line on standard error, with the request id, redacted.

A terminal gets the same for people, and only what needs them: warnings and errors, a line each.
Bind context with `bind(request_id=…)`; it follows context variables through awaits and threads.
Message texts and whole phone numbers never go into a log; the redaction is the net below that.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import orjson
import structlog

SECRET_KEYS = re.compile(
    r"(password|secret|token|authorization|cookie|api_?key|signature|\bpin\b)", re.IGNORECASE
)
SECRET_VALUES = re.compile(
    r"(EAA[A-Za-z0-9]{8,}|whsec_\w+|sk_(?:live|test)_\w+|wk_\w{8,}|Bearer\s+\S+"
    r"|(?<=://)[^/\s@]*:[^/\s@]+(?=@)"
    r"|(?<=token=)[^&\s]+|(?<=secret=)[^&\s]+|(?<=password=)[^&\s]+|(?<=key=)[^&\s]+)"
)
# Written with a plus and any grouping, or as bare digits as WhatsApp does.
PHONES = re.compile(r"(?<![\w-])(?:\+\d[\d ().-]{3,}|\d{6,11})(\d(?:[ ().-]?\d){3})(?![\w-])")
HIDDEN = "[hidden]"
# Routine of libraries; uvicorn writes a socket's whole address with it, ids in the query included.
QUIET = ("httpx", "httpcore", "uvicorn.error", "uvicorn.access", "rq.worker", "rq.cron", "alembic")
SPOKEN_KEYS = ("timestamp", "level", "event", "exception")

Event = MutableMapping[str, Any]


def setup() -> None:
    """Send every log of this process, ours and the libraries', through one redacting handler."""
    is_terminal = sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _line if is_terminal else structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING if is_terminal else logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "nicegui", "rq.worker"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in ("engineio.server", "socketio.server"):  # anybody can make them complain
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; its events are short facts, its data keyword arguments."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def bind(**values: object) -> Iterator[None]:
    """Add these values to every log line written inside the block."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Hide secrets by name and by shape, and all but the last four digits of phone numbers."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if SECRET_KEYS.search(key):
        return HIDDEN
    if isinstance(value, str) and key not in {"timestamp", "level", "logger", "request_id"}:
        return PHONES.sub(r"…\1", SECRET_VALUES.sub(HIDDEN, value))
    if isinstance(value, dict):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted("", item) for item in value]
    return value


def _line(_logger: object, _method: str, event: Event) -> str:
    """Write an event for people; what is in it cannot begin a line or steer the terminal."""
    rest = {key: value for key, value in event.items() if key not in {"logger", *SPOKEN_KEYS}}
    time, level, message, trace = (str(event.get(key, "")) for key in SPOKEN_KEYS)
    values = " ".join(f"{key}={_dumps(value)}" for key, value in rest.items())
    head = f"{time[11:19]} {level:8} {_printable(message)} {_printable(values)}".rstrip()
    return "\n    ".join([head, *(_printable(line) for line in trace.split("\n") if line)])


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
