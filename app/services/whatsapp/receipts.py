"""What customers see of us besides messages: that theirs was read, that somebody is typing.

Raises what Meta says:
    GraphRefused: Meta says why not.
    ProviderError: it could not be reached, or answered nonsense.
"""

from typing import Any

from app.services.whatsapp import client
from app.services.whatsapp.client import Credentials


def mark_read(
    credentials: Credentials, meta_phone_number_id: str, wamid: str, *, is_typing: bool = False
) -> None:
    """Show a customer that a message, and those before it, were read; perhaps that we type.

    Typing is shown for 25 seconds, or until the next message; it comes with a read mark only.
    """
    data: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
    }
    if is_typing:
        data["typing_indicator"] = {"type": "text"}
    client.request(credentials, "POST", f"{meta_phone_number_id}/messages", data=data)
