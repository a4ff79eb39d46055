"""A real mail server for tests: it keeps what it takes, and refuses what it is told to refuse."""

import datetime as dt
import email
import email.policy
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.clock import utc_now
from app.config import configure
from tests.subprocesses import free_port

TAKEN = "250 OK"


class Postbox:
    """What a server took and how it answers; aiosmtpd calls the `handle_` methods."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.was_encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.recipient_answer = self.data_answer = TAKEN

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.recipient_answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, session: Any, envelope: Any
    ) -> str:
        if self.data_answer == TAKEN:
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(message)
            self.was_encrypted.append(session.ssl is not None)
        return self.data_answer

    def log_in(self, _server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> Any:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"p@ss", handled=False)


@contextmanager
def smtp_server(*, user: str = "", host: str = "127.0.0.1", **options: Any) -> Iterator[Postbox]:
    """Run a mail server and let this process send through it."""
    postbox, port = Postbox(), free_port()
    if user:
        options["authenticator"] = postbox.log_in
    server = Controller(postbox, hostname="127.0.0.1", port=port, **options)
    configure(smtp_url=f"smtp://{user}{host}:{port}")
    server.start()
    try:
        yield postbox
    finally:
        server.stop()


def certificate_of_localhost(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS, and the certificate that a client has to trust for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - dt.timedelta(days=1))
        .not_valid_after(utc_now() + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem
