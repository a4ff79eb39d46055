"""no echoes

Revision 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("messages", "is_echo")


def downgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("is_echo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
