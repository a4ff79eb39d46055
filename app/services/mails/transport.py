"""How a mail leaves: over SMTP, or into `DATA_DIR/mail` as an .eml file in development."""

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from app import db
from app.clock import utc_now
from app.config import is_loopback, settings

TIMEOUT_S = 20.0
SUBMISSION_PORTS = {"smtp": 587, "smtps": 465}


class MailRefused(Exception):
    """The server refused this mail for good; trying again would change nothing."""


class MailAway(Exception):
    """The server did not take the mail now; later it may."""


class Transport:
    """A way out for some mails: one connection, opened with the first."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_args: object) -> None:
        self._close()

    def send(self, message: EmailMessage, mail_id: UUID) -> None:
        """Hand one mail over.

        Raises:
            MailRefused: for good.
            MailAway: for now.
        """
        db.refuse_inside_transaction()
        if not settings().smtp_url:
            keep(message, mail_id)
            return
        try:
            self._connection().send_message(message)
        except (
            smtplib.SMTPRecipientsRefused,
            smtplib.SMTPDataError,
            smtplib.SMTPSenderRefused,
        ) as error:
            self._close()
            if _is_permanent(error):
                raise MailRefused(_reason(error)) from error
            raise MailAway(_reason(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise MailAway(_reason(error)) from error

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = _connect(settings().smtp_url)
        return self._smtp

    def _close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def message_of(
    mail_id: UUID, recipient: str, subject: str, *, text: str, html: str
) -> EmailMessage:
    """Put a mail together, HTML with plain text beside it."""
    config = settings()
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((config.app_name, f"no-reply@{config.public_host or 'localhost'}"))
    message["To"] = recipient
    message["Subject"] = subject.replace("\r", " ").replace("\n", " ")
    message["Date"] = formatdate(utc_now().timestamp())
    # One id for every try: a server that got it twice can tell.
    message["Message-ID"] = f"<{mail_id}@{config.public_host or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def mailbox() -> Path:
    """Return the folder of the development mailbox."""
    return settings().data_dir / "mail"


def keep(message: EmailMessage, mail_id: UUID) -> None:
    """Write a mail into the development mailbox, whole or not at all."""
    folder = mailbox()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".{mail_id}.tmp"
    temporary.touch(mode=0o600)
    temporary.write_bytes(bytes(message))
    temporary.replace(folder / f"{mail_id}.eml")


def _connect(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    port = parts.port or SUBMISSION_PORTS[parts.scheme]
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    try:
        _greet(smtp, parts, context)
    except (OSError, smtplib.SMTPException):
        smtp.close()
        raise
    return smtp


def _greet(smtp: smtplib.SMTP, parts: SplitResult, context: ssl.SSLContext) -> None:
    """Encrypt the line where the server can, and sign in where we have a password."""
    smtp.ehlo()
    is_private = parts.scheme == "smtps" or is_loopback(parts.hostname or "")
    if parts.scheme == "smtp" and smtp.has_extn("starttls"):
        smtp.starttls(context=context)
        smtp.ehlo()
        is_private = True
    if not parts.username:
        return
    if not is_private:  # somebody on the way can take the offer of TLS out of the greeting
        raise smtplib.SMTPNotSupportedError("The server offers no TLS, so it gets no password.")
    smtp.login(unquote(parts.username), unquote(parts.password or ""))


def _is_permanent(error: smtplib.SMTPException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
    else:
        codes = [getattr(error, "smtp_code", 0)]
    return all(500 <= code < 600 for code in codes)  # noqa: PLR2004  # RFC 5321, 4.2.1


def _reason(error: Exception) -> str:
    """Return what the server said, without the address."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
