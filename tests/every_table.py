"""A row in every table of a workspace, for the tests that go over all of them."""

from app.actor import Role
from app.clock import utc_now
from app.models import (
    ApiKey,
    ConsentEntry,
    IdempotencyKey,
    Invitation,
    MediaFile,
    MessageStatusEntry,
    Notice,
    Template,
)
from app.models.enums import ConsentSource, MediaState, NoticeLevel, TemplateCategory
from tests import factories, table_rows
from tests.factories import Team


def fill(team: Team) -> None:
    """Give a workspace at least one row in every table that making a team leaves empty."""
    conversation_id = factories.make_conversation(team.number)
    message_id = factories.make_message(conversation_id)
    table_rows.save(
        MessageStatusEntry(
            workspace_id=team.id,
            message_id=message_id,
            phone_number_id=team.number.id,
            wamid=factories.new_wamid(),
            status="sent",
            occurred_at=utc_now(),
        ),
        MediaFile(
            workspace_id=team.id,
            message_id=message_id,
            state=MediaState.STORED,
            storage_key=f"{team.id}/a file",
        ),
        Template(
            workspace_id=team.id,
            account_id=team.number.account_id,
            name="order_update",
            language="en_US",
            category=TemplateCategory.UTILITY,
            components=[{"type": "BODY", "text": "Your order is here."}],
        ),
        Notice(
            workspace_id=team.id,
            account_id=team.number.account_id,
            kind="account_deleted",
            level=NoticeLevel.DANGER,
            said_at=utc_now(),
        ),
        ConsentEntry(
            workspace_id=team.id,
            contact_id=table_rows.value(
                "SELECT contact_id FROM conversations WHERE id = %s", conversation_id
            ),
            is_given=False,
            source=ConsentSource.WHATSAPP,
            said_at=utc_now(),
        ),
        Invitation(
            workspace_id=team.id,
            email="new@example.com",
            role=Role.AGENT,
            token_hash=team.id.bytes,
            sent_at=utc_now(),
            expires_at=utc_now(),
        ),
        ApiKey(workspace_id=team.id, name="Shop", prefix="wk_shop", key_hash=team.id.bytes),
        IdempotencyKey(
            workspace_id=team.id, route="POST /", key="k", body_hash=b"", expires_at=utc_now()
        ),
    )
