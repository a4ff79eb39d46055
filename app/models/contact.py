"""The people a workspace talks to, and how WhatsApp names them."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import (
    WorkspaceRow,
    choice,
    json_column,
    keyed_by_workspace,
    moment,
    within_workspace,
)
from app.models.enums import IdentityKind


class Contact(WorkspaceRow, table=True):
    """A person. The phone may be missing: WhatsApp users can hide it behind a username."""

    __tablename__ = "contacts"
    __table_args__ = (
        keyed_by_workspace(),
        # inbound and import: one contact a number
        sa.UniqueConstraint("workspace_id", "phone_number"),
        # contacts page: newest activity first
        sa.Index(
            "ix_contacts_workspace_id_last_message_at",
            "workspace_id",
            sa.text("last_message_at DESC NULLS LAST"),
            sa.text("id DESC"),
        ),
    )

    phone_number: str | None = Field(default=None, max_length=20)
    name: str | None = Field(default=None, max_length=200)
    profile_name: str | None = Field(default=None, max_length=200)
    avatar: str | None = None
    last_message_at: dt.datetime | None = moment()
    # No marketing since then; the ledger (consent_entries) says why.
    opted_out_at: dt.datetime | None = moment()
    custom_fields: dict[str, Any] = json_column()


class ContactIdentity(WorkspaceRow, table=True):
    """One name under which WhatsApp knows a contact; several may lead to the same person."""

    __tablename__ = "contact_identities"
    __table_args__ = (
        within_workspace("contact_id", "contacts"),
        # inbound: who wrote
        sa.UniqueConstraint("workspace_id", "kind", "value"),
        # sending: how to address a contact
        sa.Index("ix_contact_identities_workspace_id_contact_id", "workspace_id", "contact_id"),
    )

    contact_id: UUID
    kind: IdentityKind = Field(sa_type=choice(IdentityKind))
    value: str = Field(max_length=200)
