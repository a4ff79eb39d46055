"""notices

Revision 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _moment(name: str, *, default: bool = False, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()") if default else None,
        nullable=nullable and not default,
    )


def _own(table: str, column: str, other: str) -> list[sa.Constraint]:
    """Return the keys of a table of workspaces, and its reference to another one."""
    return [
        sa.ForeignKeyConstraint(
            ["workspace_id", column],
            [f"{other}.workspace_id", f"{other}.id"],
            name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f(f"fk_{table}_workspace_id_workspaces"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at", default=True),
        _moment("updated_at", default=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("level", _choice("noticelevel", "INFO", "WARNING", "DANGER"), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        _moment("said_at", nullable=False),
        _moment("ends_at"),
        _moment("ended_at"),
        _moment("dismissed_at"),
        _moment("told_at"),
        *_own("notices", "account_id", "whatsapp_accounts"),
        sa.UniqueConstraint(
            "workspace_id", "account_id", "kind", "subject",
            name=op.f("uq_notices_workspace_id_account_id_kind_subject"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_notices_untold",
        "notices",
        ["created_at"],
        postgresql_where=sa.text("told_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "consent_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at", default=True),
        _moment("updated_at", default=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            _choice(
                "consentsource", "WHATSAPP", "KEYWORD", "BUTTON", "REFUSAL", "IMPORT", "API",
                "PERSON",
            ),
            nullable=False,
        ),
        sa.Column("words", sa.String(length=500), nullable=True),
        _moment("said_at", nullable=False),
        *_own("consent_entries", "contact_id", "contacts"),
        sa.UniqueConstraint(
            "workspace_id", "contact_id", "source", "said_at", "is_given",
            name=op.f("uq_consent_entries_workspace_id_contact_id_source_said_at_is_given"),
        ),
    )  # fmt: skip
    op.add_column("contacts", _moment("opted_out_at"))
    op.add_column("whatsapp_accounts", _moment("last_webhook_at"))
    op.add_column("whatsapp_accounts", sa.Column("max_phone_numbers", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("whatsapp_accounts", "max_phone_numbers")
    op.drop_column("whatsapp_accounts", "last_webhook_at")
    op.drop_column("contacts", "opted_out_at")
    op.drop_table("consent_entries")
    op.drop_index("ix_notices_untold", table_name="notices")
    op.drop_table("notices")
