"""message references

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORKSPACE = "fk_messages_workspace_id"
CONVERSATION = "fk_messages_workspace_id_conversation_id"
CONTACT = "fk_messages_workspace_id_contact_id"
NUMBER = "fk_messages_workspace_id_phone_number_id"
REFERENCE = "uq_messages_workspace_id_client_ref"
THREAD_OLD = "uq_conversations_workspace_id_phone_number_id_contact_id"
THREAD_NEW = "uq_conversations_workspace_id_contact_id_phone_number_id"
WHOLE = "uq_conversations_workspace_id_id_phone_number_id_contact_id"
REFERENCES = "fk_messages_conversation"
BY_CONTACT = "ix_conversations_workspace_id_contact_id"


def upgrade() -> None:
    op.create_unique_constraint(
        op.f(WHOLE), "conversations", ["workspace_id", "id", "phone_number_id", "contact_id"]
    )
    op.create_foreign_key(
        REFERENCES,
        "messages",
        "conversations",
        ["workspace_id", "conversation_id", "phone_number_id", "contact_id"],
        ["workspace_id", "id", "phone_number_id", "contact_id"],
        onupdate="CASCADE",
        ondelete="CASCADE",
    )
    for name in (WORKSPACE, CONVERSATION, CONTACT, NUMBER):
        op.drop_constraint(op.f(name), "messages", type_="foreignkey")
    op.drop_constraint(op.f(REFERENCE), "messages", type_="unique")
    op.create_index(
        REFERENCE,
        "messages",
        ["workspace_id", "client_ref"],
        unique=True,
        postgresql_where=sa.text("client_ref IS NOT NULL"),
    )
    op.create_unique_constraint(
        op.f(THREAD_NEW), "conversations", ["workspace_id", "contact_id", "phone_number_id"]
    )
    op.drop_constraint(op.f(THREAD_OLD), "conversations", type_="unique")
    op.drop_index(BY_CONTACT, table_name="conversations")


def downgrade() -> None:
    op.create_index(BY_CONTACT, "conversations", ["workspace_id", "contact_id"])
    op.create_unique_constraint(
        op.f(THREAD_OLD), "conversations", ["workspace_id", "phone_number_id", "contact_id"]
    )
    op.drop_constraint(op.f(THREAD_NEW), "conversations", type_="unique")
    op.drop_index(REFERENCE, table_name="messages")
    op.create_unique_constraint(op.f(REFERENCE), "messages", ["workspace_id", "client_ref"])
    op.create_foreign_key(
        op.f(WORKSPACE), "messages", "workspaces", ["workspace_id"], ["id"], ondelete="CASCADE"
    )
    for name, column, table in (
        (CONVERSATION, "conversation_id", "conversations"),
        (CONTACT, "contact_id", "contacts"),
        (NUMBER, "phone_number_id", "phone_numbers"),
    ):
        op.create_foreign_key(
            op.f(name),
            "messages",
            table,
            ["workspace_id", column],
            ["workspace_id", "id"],
            ondelete="CASCADE",
        )
    op.drop_constraint(REFERENCES, "messages", type_="foreignkey")
    op.drop_constraint(op.f(WHOLE), "conversations", type_="unique")
