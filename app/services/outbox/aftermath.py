"""What a refusal says beyond its message: of the customer's wish, of the account's token."""

from app.clock import utc_now
from app.db import Connection
from app.events import Bell, inbox_topic
from app.models.enums import NoticeLevel
from app.services import notices
from app.services.inbound import consent
from app.services.notices import Said
from app.services.outbox.claim import Claimed
from app.services.whatsapp.client import Outcome, Refused
from app.services.whatsapp.errors import OPTED_OUT, TOKEN_ENDED

MAX_PROBLEM = 500


def note_wish(connection: Connection, one: Claimed, outcome: Outcome) -> None:
    """Write down that the customer wants no marketing. Locks the contact: before the thread."""
    if isinstance(outcome, Refused) and outcome.code == OPTED_OUT:
        consent.refuse(connection, consent.refusals(connection, [(one.id, utc_now())]))


def tell_of_token(connection: Connection, one: Claimed, outcome: Outcome) -> list[Bell]:
    """Have owners told that nothing can be sent any more; in a transaction of its own, because it
    locks the account."""
    if not isinstance(outcome, Refused) or outcome.code != TOKEN_ENDED:
        return []
    problem = (outcome.details or outcome.title or "")[:MAX_PROBLEM]
    with connection.transaction():
        connection.execute(
            "UPDATE whatsapp_accounts SET problem = %s WHERE id = %s", (problem, one.account_id)
        )
        said = Said(kind="token", level=NoticeLevel.DANGER, text=problem)
        notices.put(connection, one.account_id, said, at=utc_now())
    return [Bell(inbox_topic(one.workspace_id))]
