"""drain marks

Revision 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drain_marks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("runner", sa.Integer(), nullable=False),
        sa.Column("event_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drain_marks")),
    )
    op.create_index(
        "ix_webhook_events_careful",
        "webhook_events",
        ["id"],
        postgresql_where=sa.text("state = 'PENDING' AND attempt_count > 0"),
    )
    op.add_column("messages", sa.Column("runner", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "runner")
    op.drop_index("ix_webhook_events_careful", table_name="webhook_events")
    op.drop_table("drain_marks")
