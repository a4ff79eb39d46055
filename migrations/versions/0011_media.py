"""media

Revision 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media_files", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("media_files", sa.Column("height", sa.Integer(), nullable=True))
    op.add_column(
        "media_files",
        sa.Column("has_thumbnail", sa.Boolean(), server_default=sa.false(), nullable=False),
    )

    op.drop_index("ix_media_files_workspace_id_message_id", table_name="media_files")
    op.create_unique_constraint(
        op.f("uq_media_files_workspace_id_message_id"),
        "media_files",
        ["workspace_id", "message_id"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("uq_media_files_workspace_id_message_id"), "media_files")
    op.create_index(
        "ix_media_files_workspace_id_message_id", "media_files", ["workspace_id", "message_id"]
    )
    for name in ("has_thumbnail", "height", "width"):
        op.drop_column("media_files", name)
