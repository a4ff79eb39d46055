"""unprocessed once

Revision 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ONCE = "uq_messages_unprocessed_payload"


def upgrade() -> None:
    # Of the same item the row that came first stays; the others say nothing that it does not.
    op.execute(
        """
        DELETE FROM messages_unprocessed WHERE id NOT IN (
            SELECT DISTINCT ON (md5(payload::text), account_id) id FROM messages_unprocessed
            ORDER BY md5(payload::text), account_id, id)
        """
    )
    op.create_index(
        ONCE,
        "messages_unprocessed",
        [sa.text("md5(payload::text)"), "account_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.drop_index(ONCE, table_name="messages_unprocessed")
