"""Message templates: what a business may write first, reviewed by Meta."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import (
    WorkspaceRow,
    choice,
    flag,
    json_list,
    keyed_by_workspace,
    moment,
    within_workspace,
)
from app.models.enums import TemplateCategory, TemplateStatus


class Template(WorkspaceRow, table=True):
    """A template in one language. DRAFT here alone; the other states are Meta's."""

    __tablename__ = "templates"
    __table_args__ = (
        keyed_by_workspace(),
        within_workspace("account_id", "whatsapp_accounts"),
        # Meta's own key; the picker and the list go by name
        sa.UniqueConstraint("workspace_id", "account_id", "name", "language"),
        # webhooks about a template
        sa.Index("ix_templates_account_id_meta_id", "account_id", "meta_id"),
    )

    account_id: UUID
    meta_id: str | None = Field(default=None, max_length=64)
    name: str = Field(max_length=512)
    language: str = Field(max_length=10)
    category: TemplateCategory = Field(sa_type=choice(TemplateCategory))
    status: TemplateStatus = Field(default=TemplateStatus.DRAFT, sa_type=choice(TemplateStatus))
    # Why Meta rejected, paused or disabled it, in Meta's words.
    reason: str | None = Field(default=None, max_length=500)
    quality: str | None = Field(default=None, max_length=20)
    # {{first_name}} rather than {{1}}
    is_named: bool = flag(default=False)
    # As Meta writes them; read by app.services.templates.shape.
    components: list[dict[str, Any]] = json_list()
    submitted_at: dt.datetime | None = moment()
    # When Meta said what its state is: what it said before that comes too late.
    told_at: dt.datetime | None = moment()
