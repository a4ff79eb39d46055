"""account health

Revision 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("checked_at", "token_expires_at"):
        column = sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        op.add_column("whatsapp_accounts", column)
    op.add_column("whatsapp_accounts", sa.Column("is_subscribed", sa.Boolean(), nullable=True))
    column = sa.Column("problem", sa.String(length=500), nullable=True)
    op.add_column("whatsapp_accounts", column)


def downgrade() -> None:
    for name in ("problem", "is_subscribed", "token_expires_at", "checked_at"):
        op.drop_column("whatsapp_accounts", name)
