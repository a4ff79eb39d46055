"""What the phone page shows, as JSON: one workspace, one customer, one business number."""

from dataclasses import dataclass
from typing import Any

from app.i18n import gettext as _
from app.sandbox.bubbles import message_jsons
from app.sandbox.customers import Customer
from app.sandbox.identifiers import readable_phone
from app.sandbox.registrations import SentCode
from app.sandbox.store import SandboxNumber, Store

FIRST_CUSTOMER = "Ana Morales"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The chat that is open on the phone."""

    number: SandboxNumber
    customer: Customer


def find_chat(
    store: Store, workspace: str, number_id: str | None, customer_id: int | None
) -> Chat | None:
    """Return the chat asked for, else the first; None when a part is missing or foreign."""
    numbers = _in_use(store, workspace)
    customers = store.customers.list_all(workspace)
    number = next((n for n in numbers if number_id in {None, n.meta_phone_number_id}), None)
    customer = next((c for c in customers if customer_id in {None, c.id}), None)
    return Chat(number=number, customer=customer) if number and customer else None


def ensure_first_customer(store: Store, workspace: str) -> bool:
    """Make sure that somebody can write at once; tell whether there is a number to write to."""
    with store.database.transaction():
        if not _in_use(store, workspace):
            return False
        if not store.customers.list_all(workspace):
            _name, phone = store.customers.suggest(workspace)
            store.customers.create(workspace, FIRST_CUSTOMER, phone.lstrip("+"))
        return True


def chat_state(store: Store, workspace: str, chat: Chat) -> dict[str, Any]:
    """Return everything the page paints. The version is read first, so that nothing is missed."""
    version = store.customers.version(workspace)
    number_id, customer_id = chat.number.meta_phone_number_id, chat.customer.id
    messages = store.messages.list_chat(number_id, customer_id)
    name, phone = store.customers.suggest(workspace)
    return {
        "version": version,
        "number": number_id,
        "customer": customer_id,
        "numbers": [number_json(number) for number in _in_use(store, workspace)],
        "customers": [customer_json(item) for item in store.customers.list_all(workspace)],
        "codes": [code_json(code) for code in store.registrations.sent_codes(workspace)],
        "messages": message_jsons(messages),
        "typingSeconds": store.messages.typing_s(number_id, customer_id),
        "suggestion": {"name": name, "phone": readable_phone(phone)},
    }


def _in_use(store: Store, workspace: str) -> list[SandboxNumber]:
    """Return the numbers that one can write to: one on its way is nobody's yet."""
    return [one for one in store.list_workspace_numbers(workspace) if one.is_registered]


def number_json(number: SandboxNumber) -> dict[str, Any]:
    return {
        "id": number.meta_phone_number_id,
        "name": number.display_name,
        "phone": readable_phone(number.phone),
    }


def code_json(sent: SentCode) -> dict[str, Any]:
    """Return a code that WhatsApp sent to a business number, as its owner reads or hears it."""
    words = (
        _("Call to {number}: your WhatsApp code is {code}.")
        if sent.method == "VOICE"
        else _("SMS to {number}: your WhatsApp code is {code}.")
    )
    return {
        "code": sent.code,
        "text": words.format(number=readable_phone(sent.phone), code=sent.code),
    }


def customer_json(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "phone": readable_phone(customer.wa_id),
        "isOnline": customer.is_online,
        "showsReceipts": customer.shows_receipts,
        "wantsMarketing": customer.wants_marketing,
        "hidesPhone": customer.hides_phone,
    }
