"""Send a claimed message over the network: no session, no transaction, one outcome."""

import threading
import time
from typing import Any

from app import log
from app.crypto import DecryptionFailed
from app.models.enums import MessageType
from app.services import whatsapp_accounts
from app.services.outbox.claim import Claimed
from app.services.secrets import Bound
from app.services.whatsapp import client
from app.services.whatsapp.client import Outcome, Unseen
from app.services.whatsapp.outbound import (
    OutgoingMessage,
    OutgoingTemplate,
    OutgoingText,
    TemplateBody,
    TextBody,
)
from app.services.whatsapp_accounts import ACCOUNTS

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
        message = _request(one)
    except (DecryptionFailed, ValueError) as error:
        return client.refused_by_us(type(error).__name__)
    pacer.wait(one.meta_phone_number_id)
    try:
        return client.send(credentials, one.meta_phone_number_id, message)
    except Exception as error:  # noqa: BLE001  # it may have left: only a status or a person can tell
        log.get(__name__).exception("send_broken", message_id=str(one.id))
        return Unseen(type(error).__name__)


def _request(one: Claimed) -> OutgoingMessage:
    """Return the request of a message; raises ValueError for what cannot be one."""
    shared: dict[str, Any] = {
        "to": one.address.to,
        "recipient": one.address.recipient,
        "biz_opaque_callback_data": one.attempt.encode(),
    }
    if one.type is MessageType.TEMPLATE:
        return OutgoingTemplate(template=TemplateBody.model_validate(one.content), **shared)
    return OutgoingText(text=TextBody(body=one.text or ""), **shared)
