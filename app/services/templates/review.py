"""Templates and Meta: submitting, editing and deleting them there, and taking over what it has.

Each function opens its own transactions: no network inside one.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, delete, select

from app import db
from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import ValidationFailed
from app.ids import new_id
from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from app.services import audit, whatsapp_accounts
from app.services.templates import drafts, lint
from app.services.templates.drafts import (
    EDITABLE,
    TemplateNotEditable,
    TemplateText,
    TemplateView,
)
from app.services.templates.shape import to_components
from app.services.whatsapp import templates as graph
from app.services.whatsapp.client import Credentials
from app.services.whatsapp.templates import TemplateInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    credentials: Credentials
    waba_id: str
    meta_id: str | None
    status: TemplateStatus


def submit(actor: Actor, template_id: UUID, written: TemplateText) -> TemplateView:
    """Keep the text and have Meta review it: PENDING, or what Meta says at once.

    Raises:
        ValidationFailed: Meta would refuse it; by `lint`'s places. Nothing changes.
        NotFound, TemplateNotEditable, TemplateNameTaken: nothing changes.
        GraphRefused, ProviderError: what Meta says; a draft is kept with the new written.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    findings = lint.check(written.name, written.language, written.shape)
    if findings:
        raise ValidationFailed({one.place: one.sentence for one in reversed(findings)})
    with db.transaction(actor.workspace_id) as session:
        if drafts.find(session, actor, template_id).status is TemplateStatus.DRAFT:
            drafts.change(session, actor, template_id, written)
        target = _target(session, actor, template_id)
    if target.status not in EDITABLE:
        raise TemplateNotEditable
    components = to_components(written.shape)
    if target.meta_id is None:
        made = graph.create(
            target.credentials,
            target.waba_id,
            name=written.name,
            language=written.language,
            category=written.category.value,
            is_named=written.shape.is_named,
            components=components,
        )
        meta_id, status, category = made.id, _status(made.status), made.category
    else:
        graph.edit(target.credentials, target.meta_id, components)
        meta_id, status, category = target.meta_id, TemplateStatus.PENDING, None
    with db.transaction(actor.workspace_id) as session:
        row = drafts.find(session, actor, template_id, lock=True)
        row.meta_id, row.status, row.reason = meta_id, status, None
        row.told_at = utc_now()
        row.category = _category(category) or row.category
        row.components = components
        row.submitted_at = utc_now()
        _record(session, actor, "template.submitted", row)
        session.flush()
        session.refresh(row)
        return drafts.get(session, actor, template_id)


def remove(actor: Actor, template_id: UUID) -> None:
    """Delete a template, at Meta too if it is there; its name is blocked there for thirty days.

    Raises:
        NotFound; GraphRefused, ProviderError: it stays.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    with db.transaction(actor.workspace_id) as session:
        target = _target(session, actor, template_id)
        name = drafts.find(session, actor, template_id).name
    if target.meta_id is not None:
        graph.delete(target.credentials, target.waba_id, template_id=target.meta_id, name=name)
    with db.transaction(actor.workspace_id) as session:
        row = drafts.find(session, actor, template_id, lock=True)
        _record(session, actor, "template.deleted", row)
        session.delete(row)


def sync(actor: Actor, whatsapp_account_id: UUID) -> int:
    """Take over the account's templates as Meta has them; returns how many. Drafts stay.

    Raises:
        PermissionDenied; NotFound.
        GraphRefused, ProviderError: nothing changes.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    with db.transaction(actor.workspace_id) as session:
        account = whatsapp_accounts.find(session, actor, whatsapp_account_id)
        credentials, waba_id = whatsapp_accounts.credentials(account), account.waba_id
    found = list(graph.list_all(credentials, waba_id))
    with db.transaction(actor.workspace_id) as session:
        whatsapp_accounts.find(session, actor, whatsapp_account_id, lock=True)
        _take_over(session, actor, whatsapp_account_id, found)
    return len(found)


def _take_over(session: Session, actor: Actor, account_id: UUID, found: list[TemplateInfo]) -> None:
    rows = session.exec(
        select(Template)
        .where(
            col(Template.workspace_id) == actor.workspace_id,
            col(Template.account_id) == account_id,
        )
        .with_for_update()
    ).all()
    known = {(row.name, row.language): row for row in rows}
    for info in found:
        row = known.get((info.name, info.language))
        if row is None:
            row = Template(
                id=new_id(),
                workspace_id=actor.workspace_id,
                account_id=account_id,
                name=info.name,
                language=info.language,
                category=TemplateCategory.UTILITY,
            )
            session.add(row)
        _write(row, info)
    session.flush()
    there = [info.id for info in found]
    session.exec(
        delete(Template).where(
            col(Template.workspace_id) == actor.workspace_id,
            col(Template.account_id) == account_id,
            col(Template.meta_id).is_not(None),
            col(Template.meta_id).not_in(there),
        )
    )


def _write(row: Template, info: TemplateInfo) -> None:
    row.meta_id, row.told_at = info.id, utc_now()
    row.status = _status(info.status)
    row.category = _category(info.category) or row.category
    row.components = info.components
    row.is_named = info.parameter_format == "NAMED"
    score = info.quality_score.score if info.quality_score else None
    row.quality = score[:20] if score else None
    reason = info.rejected_reason or "NONE"
    row.reason = None if reason == "NONE" else reason[:500]


def _target(session: Session, actor: Actor, template_id: UUID) -> _Target:
    row = drafts.find(session, actor, template_id)
    account = whatsapp_accounts.find(session, actor, row.account_id)
    return _Target(
        credentials=whatsapp_accounts.credentials(account),
        waba_id=account.waba_id,
        meta_id=row.meta_id,
        status=row.status,
    )


def _status(word: str) -> TemplateStatus:
    """Return Meta's state; one that is new to us waits, as it cannot be sent."""
    known = {one.value for one in TemplateStatus}
    return TemplateStatus(word) if word in known else TemplateStatus.PENDING


def _category(word: str | None) -> TemplateCategory | None:
    known = {one.value for one in TemplateCategory}
    return TemplateCategory(word) if word in known else None


def _record(session: Session, actor: Actor, action: str, row: Template) -> None:
    audit.record(
        session,
        actor.workspace_id,
        action,
        user_id=actor.user_id,
        subject=("template", row.id),
        name=row.name,
        language=row.language,
    )
