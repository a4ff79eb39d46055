"""Send a claimed message over the network: no session, no transaction, one outcome."""

import tempfile
import threading
import time
from typing import Any

from app import log
from app.crypto import DecryptionFailed
from app.models.enums import MessageType
from app.services import whatsapp_accounts
from app.services.media.kinds import MediaKind
from app.services.outbox.claim import Claimed
from app.services.secrets import Bound
from app.services.storage import Missing, StorageFailed, storage
from app.services.templates import fill
from app.services.whatsapp import client, media
from app.services.whatsapp.client import Credentials, Outcome, Refused, Unseen
from app.services.whatsapp.outbound import (
    OutgoingContent,
    OutgoingMessage,
    OutgoingTemplate,
    OutgoingText,
    ReplyTo,
    TemplateBody,
    TextBody,
)
from app.services.whatsapp_accounts import ACCOUNTS

BESIDE = ("caption", "filename", "voice")  # members of a file's message
PER_NUMBER_PER_S = 80  # Meta's default throughput of a number


class Pacer:
    """Keeps each number under Meta's throughput, within one drain."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, number: str) -> None:
        """Wait for the number's next turn."""
        with self._lock:
            now = time.monotonic()
            due = max(self._next.get(number, now), now)
            self._next[number] = due + 1 / PER_NUMBER_PER_S
        if due > now:
            time.sleep(due - now)


def transmit(one: Claimed, pacer: Pacer) -> Outcome:
    """Write the request and send it; whatever goes wrong is this message's outcome alone."""
    if not one.is_connected:
        return client.refused_by_us("The number was disconnected.")
    bound = Bound(ACCOUNTS, one.workspace_id, one.account_id)
    try:
        credentials = whatsapp_accounts.credentials_of(bound, one.graph_url, one.access_token)
        message = _request(one, credentials)
    except (DecryptionFailed, ValueError, Missing) as error:
        return client.refused_by_us(type(error).__name__)
    if isinstance(message, Refused):
        return message
    pacer.wait(one.meta_phone_number_id)
    try:
        return client.send(credentials, one.meta_phone_number_id, message)
    except Exception as error:  # noqa: BLE001  # it may have left: only a status or a person can tell
        log.get(__name__).exception("send_broken", message_id=str(one.id))
        return Unseen(type(error).__name__)


def _request(one: Claimed, credentials: Credentials) -> OutgoingMessage | Refused:
    """Return the request of a message, its file at Meta already, or why that was not taken.

    Raises:
        ValueError, Missing: it cannot be one; its file is gone.
    """
    shared: dict[str, Any] = {
        "to": one.address.to,
        "recipient": one.address.recipient,
        "context": ReplyTo(message_id=one.answers) if one.answers else None,
        "biz_opaque_callback_data": one.attempt.encode(),
    }
    if one.type is MessageType.TEMPLATE:
        return _template(one, credentials, shared)
    if one.type is MessageType.TEXT:
        return OutgoingText(text=TextBody(body=one.text or ""), **shared)
    kind = one.type.value
    if one.type is MessageType.CONTACTS:
        return OutgoingContent(type=kind, contacts=one.content["contacts"], **shared)
    if kind not in set(MediaKind):
        return OutgoingContent(type=kind, **{kind: one.content}, **shared)
    place = _place_of_file(one, credentials)
    if isinstance(place, Refused):
        return place
    beside = {name: one.content[name] for name in BESIDE if name in one.content}
    return OutgoingContent(type=kind, **{kind: {**place, **beside}}, **shared)


def _template(
    one: Claimed, credentials: Credentials, shared: dict[str, Any]
) -> OutgoingMessage | Refused:
    """Return the request of a template; a file of ours above its text is at Meta by then."""
    template = TemplateBody.model_validate(one.content)
    if one.file is not None:
        place = _place_of_file(one, credentials)
        if isinstance(place, Refused):
            return place
        template.components = fill.with_file(template.components or [], place["id"])
    return OutgoingTemplate(template=template, **shared)


def _place_of_file(one: Claimed, credentials: Credentials) -> dict[str, str] | Refused:
    """Return where Meta finds the file of a message: at an address, or with Meta by now."""
    if one.file is None:
        return {"link": str(one.content["url"])}
    with tempfile.TemporaryFile(prefix="upload-") as file:
        try:
            for chunk in storage().open(one.file.key).chunks:
                file.write(chunk)
        except StorageFailed as error:
            return client.never_left(type(error).__name__)
        file.seek(0)
        uploaded = media.upload(
            credentials,
            one.meta_phone_number_id,
            file,
            content_type=one.file.content_type,
            filename=one.file.filename,
        )
    return uploaded if isinstance(uploaded, Refused) else {"id": uploaded}
