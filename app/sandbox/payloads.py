"""The `changes[].value` of webhooks, as Meta writes them (per-message pricing, 2026)."""

import hashlib
from typing import Any

from app.sandbox.customers import Customer
from app.sandbox.errors import status_error
from app.sandbox.messages import Message
from app.sandbox.store import SandboxNumber


def message_value(
    number: SandboxNumber, customer: Customer, message: Message, *, at: float, quoted_from: str
) -> dict[str, Any]:
    """Return the value for a message that a customer wrote; `quoted_from` wrote what it quotes."""
    body: dict[str, Any] = {
        **_named(customer, "from"),
        "id": message.wamid,
        "timestamp": str(int(at)),
        "type": message.type,
        **({message.type: message.content} if message.content else {}),
        **message.beside,
    }
    if message.context_wamid:
        body["context"] = {"from": quoted_from, "id": message.context_wamid}
    return {**_envelope(number, customer), "messages": [body]}


def status_value(
    number: SandboxNumber,
    customer: Customer,
    message: Message,
    status: str,
    *,
    at: float,
    window_expires_at: float,
) -> dict[str, Any]:
    """Return the value for a status; `sent` and `delivered` carry the pricing, `read` does not."""
    body = _status(customer, message, status, at)
    if status in {"sent", "delivered"}:
        body["conversation"] = _conversation(message, window_expires_at)
        if status == "sent" and window_expires_at > at:
            body["conversation"]["expiration_timestamp"] = str(int(window_expires_at))
        body["pricing"] = _pricing(message)
    return {**_envelope(number, customer), "statuses": [body]}


def wish_value(number: SandboxNumber, customer: Customer, *, at: float) -> dict[str, Any]:
    """Return the value that tells whether a customer wants marketing messages."""
    wants = customer.wants_marketing
    wish = {
        **_named(customer, "wa_id", "user_id"),
        "detail": f"User requested to {'resume' if wants else 'stop'} marketing messages",
        "category": "marketing_messages",
        "value": "resume" if wants else "stop",
        "timestamp": int(at),
    }
    return {**_envelope(number, customer), "user_preferences": [wish]}


def echo_value(
    number: SandboxNumber, customer: Customer, message: Message, *, at: float
) -> dict[str, Any]:
    """Return the value for what the business wrote in WhatsApp's own app."""
    echo = {
        "from": number.phone.lstrip("+"),
        **_named(customer, "to"),
        "id": message.wamid,
        "timestamp": str(int(at)),
        "type": message.type,
        message.type: message.content,
    }
    envelope = _envelope(number, customer)
    del envelope["contacts"]
    return {**envelope, "message_echoes": [echo]}


def quality_value(number: SandboxNumber, quality: str) -> dict[str, Any]:
    """Return the value that tells how customers rate a number now."""
    return {
        "display_phone_number": number.phone.lstrip("+"),
        "event": "FLAGGED" if quality == "RED" else "UNFLAGGED",
        "current_limit": "TIER_2K",
    }


def call_value(
    number: SandboxNumber, customer: Customer, call_id: str, event: str, *, at: float
) -> dict[str, Any]:
    """Return the value for a call's beginning ("connect"), or for its end: nobody took it."""
    call: dict[str, Any] = {
        "id": call_id,
        **_named(customer, "from"),
        "to": number.phone.lstrip("+"),
        "event": event,
        "direction": "USER_INITIATED",
        "timestamp": str(int(at)),
    }
    if event == "connect":
        call["session"] = {"sdp_type": "offer", "sdp": "v=0\r\n"}
    else:
        call["status"] = "FAILED"
    return {**_envelope(number, customer), "calls": [call]}


def failed_value(
    number: SandboxNumber, customer: Customer, message: Message, code: int, *, at: float
) -> dict[str, Any]:
    body = _status(customer, message, "failed", at)
    body["errors"] = [status_error(code)]
    return {**_envelope(number, customer), "statuses": [body]}


def _named(customer: Customer, phone: str, user: str | None = None) -> dict[str, str]:
    """Return who it is about: by the phone number, unless that is hidden, and the user id."""
    named = {user or f"{phone}_user_id": customer.user_id}
    return named if customer.hides_phone else {phone: customer.wa_id, **named}


def _envelope(number: SandboxNumber, customer: Customer) -> dict[str, Any]:
    contact = {"profile": {"name": customer.name}, **_named(customer, "wa_id", "user_id")}
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.phone.lstrip("+"),
            "phone_number_id": number.meta_phone_number_id,
        },
        "contacts": [contact],
    }


def _status(customer: Customer, message: Message, status: str, at: float) -> dict[str, Any]:
    body = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(at)),
        **_named(customer, "recipient_id", "recipient_user_id"),
    }
    if message.opaque is not None:
        body["biz_opaque_callback_data"] = message.opaque
    return body


def _conversation(message: Message, window_expires_at: float) -> dict[str, Any]:
    seed = f"{message.meta_phone_number_id}:{message.customer_id}:{window_expires_at}"
    conversation_id = hashlib.sha256(seed.encode()).hexdigest()[:32]
    return {"id": conversation_id, "origin": {"type": message.category}}


def _pricing(message: Message) -> dict[str, Any]:
    is_free = message.category == "service"
    return {
        "billable": not is_free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if is_free else "regular",
        "category": message.category,
    }
