"""number setup

Revision 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("phone_numbers", sa.Column("throughput", sa.String(length=40), nullable=True))
    for name in ("checked_at", "code_asked_at", "code_verified_at"):
        op.add_column("phone_numbers", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("phone_numbers", sa.Column("pin", sa.LargeBinary(), nullable=True))
    for name in ("sends_read_receipts", "sends_typing"):
        op.add_column(
            "phone_numbers",
            sa.Column(name, sa.Boolean(), server_default=sa.text("true"), nullable=False),
        )


def downgrade() -> None:
    for name in (
        "sends_typing",
        "sends_read_receipts",
        "pin",
        "code_verified_at",
        "code_asked_at",
        "checked_at",
        "throughput",
    ):
        op.drop_column("phone_numbers", name)
