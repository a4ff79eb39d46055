"""The workspace's templates: reading them, writing and copying drafts. Meta is not asked here."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import Conflict, NotFound
from app.i18n import mark
from app.ids import new_id
from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from app.pagination import Cursor, Page, Slice
from app.services import whatsapp_accounts
from app.services.templates.shape import Shape, read, to_components

# Meta takes other parts for these; what waits for its review cannot be changed.
EDITABLE = frozenset(
    {
        TemplateStatus.DRAFT,
        TemplateStatus.REJECTED,
        TemplateStatus.APPROVED,
        TemplateStatus.PAUSED,
    }
)


class TemplateNameTaken(Conflict):
    """An account has one template of a name in each language."""

    code = "template_name_taken"
    sentence = mark("There is a template with this name and language already.")


class TemplateNotEditable(Conflict):
    """It is with Meta, or of a kind that is made elsewhere."""

    code = "template_not_editable"
    sentence = mark("This template cannot be changed here now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText:
    """What a person writes: everything that Meta will review."""

    name: str
    language: str
    category: TemplateCategory
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateView:
    """A template as pages and the API show it."""

    id: UUID
    account_id: UUID
    name: str
    language: str
    category: TemplateCategory
    status: TemplateStatus
    reason: str | None
    quality: str | None
    shape: Shape
    components: list[dict[str, Any]]
    submitted_at: dt.datetime | None
    created_at: dt.datetime
    updated_at: dt.datetime

    @property
    def is_editable(self) -> bool:
        """Whether its parts can be changed here."""
        return self.status in EDITABLE and not self.shape.is_foreign

    @property
    def is_sendable(self) -> bool:
        """Whether customers can be written with it."""
        return self.status is TemplateStatus.APPROVED and not self.shape.is_foreign


def list_all(
    session: Session,
    actor: Actor,
    *,
    whatsapp_account_id: UUID | None = None,
    only_sendable: bool = False,
) -> list[TemplateView]:
    """Return the templates by name and language; deleted ones are gone."""
    actor.require(Permission.TEMPLATE_READ)
    query = select(Template).where(
        col(Template.workspace_id) == actor.workspace_id,
        col(Template.status) != TemplateStatus.DELETED,
    )
    if whatsapp_account_id is not None:
        query = query.where(col(Template.account_id) == whatsapp_account_id)
    if only_sendable:
        query = query.where(col(Template.status) == TemplateStatus.APPROVED)
    rows = session.exec(query.order_by(col(Template.name), col(Template.language))).all()
    views = [view_of(row) for row in rows]
    return [view for view in views if view.is_sendable] if only_sendable else views


def list_page(session: Session, actor: Actor, part: Slice) -> Page[TemplateView]:
    """Return a page of the templates, newest first; deleted ones are gone."""
    actor.require(Permission.TEMPLATE_READ)
    query = select(Template).where(
        col(Template.workspace_id) == actor.workspace_id,
        col(Template.status) != TemplateStatus.DELETED,
    )
    if (after := part.after) is not None:
        place = tuple_(col(Template.created_at), col(Template.id))
        query = query.where(place < (after.at, after.id))
    query = query.order_by(col(Template.created_at).desc(), col(Template.id).desc())
    rows = session.exec(query.offset(part.skip).limit(part.limit + 1)).all()
    items = [view_of(row) for row in rows[: part.limit]]
    has_more = len(rows) > part.limit
    return Page(
        items=items,
        next_cursor=Cursor(items[-1].created_at, items[-1].id).encode() if has_more else None,
    )


def get(session: Session, actor: Actor, template_id: UUID) -> TemplateView:
    """Return one template.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    actor.require(Permission.TEMPLATE_READ)
    return view_of(find(session, actor, template_id))


def create(
    session: Session, actor: Actor, whatsapp_account_id: UUID, written: TemplateText
) -> TemplateView:
    """Keep a draft; it need not be right yet (`lint.check` says what is missing).

    Raises:
        NotFound: no such account of one's own.
        TemplateNameTaken.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    account = whatsapp_accounts.find(session, actor, whatsapp_account_id)
    row = Template(
        id=new_id(),
        workspace_id=actor.workspace_id,
        account_id=account.id,
        name=written.name,
        language=written.language,
        category=written.category,
        is_named=written.shape.is_named,
        components=to_components(written.shape),
    )
    session.add(row)
    _flush(session)
    session.refresh(row)
    return view_of(row)


def change(
    session: Session, actor: Actor, template_id: UUID, written: TemplateText
) -> TemplateView:
    """Change a draft. One that Meta has keeps its name, language and category.

    Raises:
        NotFound; TemplateNotEditable: it is not a draft (`review.submit` changes those at Meta).
        TemplateNameTaken.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    row = find(session, actor, template_id, lock=True)
    if row.status is not TemplateStatus.DRAFT:
        raise TemplateNotEditable
    row.name, row.language, row.category = written.name, written.language, written.category
    row.is_named = written.shape.is_named
    row.components = to_components(written.shape)
    _flush(session)
    session.refresh(row)
    return view_of(row)


def duplicate(
    session: Session, actor: Actor, template_id: UUID, *, name: str, language: str
) -> TemplateView:
    """Copy a template into a draft of another name or language.

    Raises:
        NotFound; TemplateNotEditable: it has parts that cannot be written here.
        TemplateNameTaken.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    row = find(session, actor, template_id)
    view = view_of(row)
    if view.shape.is_foreign:
        raise TemplateNotEditable
    written = TemplateText(name=name, language=language, category=row.category, shape=view.shape)
    return create(session, actor, row.account_id, written)


def find(session: Session, actor: Actor, template_id: UUID, *, lock: bool = False) -> Template:
    """Return a row of one's own. System-only: whoever uses it has asked for the permission.

    Raises:
        NotFound: it is missing, deleted, or another workspace's.
    """
    query = select(Template).where(
        col(Template.workspace_id) == actor.workspace_id,
        col(Template.id) == template_id,
        col(Template.status) != TemplateStatus.DELETED,
    )
    row = session.exec(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound
    return row


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise TemplateNameTaken from error


def view_of(row: Template) -> TemplateView:
    """Return a row as pages and the API show it."""
    return TemplateView(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        language=row.language,
        category=row.category,
        status=row.status,
        reason=row.reason,
        quality=row.quality,
        shape=read(row.components, is_named=row.is_named),
        components=row.components,
        submitted_at=row.submitted_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
