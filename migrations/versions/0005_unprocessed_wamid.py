"""unprocessed by wamid

Revision 0005.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_messages_unprocessed_wa_message_id", "messages_unprocessed", ["wa_message_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_messages_unprocessed_wa_message_id", table_name="messages_unprocessed")
