"""templates

Revision 0009.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _moment(name: str, *, default: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()") if default else None,
        nullable=not default,
    )


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at", default=True),
        _moment("updated_at", default=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("meta_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column(
            "category",
            _choice("templatecategory", "MARKETING", "UTILITY", "AUTHENTICATION"),
            nullable=False,
        ),
        sa.Column(
            "status",
            _choice(
                "templatestatus", "DRAFT", "PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED",
                "IN_APPEAL", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED", "ARCHIVED",
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("quality", sa.String(length=20), nullable=True),
        sa.Column("is_named", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "components",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        _moment("submitted_at"),
        _moment("told_at"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "account_id"],
            ["whatsapp_accounts.workspace_id", "whatsapp_accounts.id"],
            name=op.f("fk_templates_workspace_id_account_id_whatsapp_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_templates_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_templates_workspace_id_id")),
        sa.UniqueConstraint(
            "workspace_id", "account_id", "name", "language",
            name=op.f("uq_templates_workspace_id_account_id_name_language"),
        ),
    )  # fmt: skip
    op.create_index("ix_templates_account_id_meta_id", "templates", ["account_id", "meta_id"])


def downgrade() -> None:
    op.drop_index("ix_templates_account_id_meta_id", table_name="templates")
    op.drop_table("templates")
