"""Templates and Meta: submitting, editing and deleting them there, and taking over what it has.

Each function opens its own transactions: no network inside one.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import Session, col, delete, select

from app import db
from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import NotFound, ProviderError, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from app.services import audit, phone_numbers, whatsapp_accounts
from app.services.media import files, uploads
from app.services.storage import storage
from app.services.templates import drafts, lint
from app.services.templates.drafts import (
    EDITABLE,
    TemplateNotEditable,
    TemplateText,
    TemplateView,
)
from app.services.templates.shape import SAMPLES, Shape, keep_sample, to_components
from app.services.whatsapp import management
from app.services.whatsapp import templates as graph
from app.services.whatsapp.client import Credentials, GraphRefused
from app.services.whatsapp.templates import TemplateInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    credentials: Credentials
    waba_id: str
    meta_id: str | None
    status: TemplateStatus


def create(
    actor: Actor, written: TemplateText, *, phone_number_id: UUID | None, is_submitted: bool
) -> TemplateView:
    """Keep a new template of a number's account, and have Meta review it if that is asked.

    Without a number it is the workspace's only account. What Meta refuses is not kept.

    Raises:
        ValidationFailed: no number is named and there is not one account; or as for `submit`.
        NotFound: no such number of one's own, or it has no account yet.
        TemplateNameTaken, GraphRefused: nothing is kept.
        ProviderError: nobody knows whether Meta has it; the draft stays.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    if is_submitted:
        _require_right(written)
    with db.transaction(actor.workspace_id) as session:
        account_id = _account_of(session, actor, phone_number_id)
        made = drafts.create(session, actor, account_id, written)
    if not is_submitted:
        return made
    try:
        return submit(actor, made.id, written)
    except GraphRefused:
        with db.transaction(actor.workspace_id) as session:
            session.delete(drafts.find(session, actor, made.id, lock=True))
        raise


def change(
    actor: Actor,
    template_id: UUID,
    rewrite: Callable[[TemplateView], TemplateText],
    *,
    is_submitted: bool,
) -> TemplateView:
    """Change a draft, or have Meta review other parts of what it has.

    Raises:
        NotFound, TemplateNameTaken, TemplateNotEditable (what Meta has is changed at Meta only);
        as for `submit`.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    with db.transaction(actor.workspace_id) as session:
        view = drafts.view_of(drafts.find(session, actor, template_id))
        written = rewrite(view)
        if not is_submitted:
            return drafts.change(session, actor, template_id, written)
    named = (written.name, written.language, written.category)
    if view.status is not TemplateStatus.DRAFT and named != (
        view.name, view.language, view.category,
    ):  # fmt: skip
        raise TemplateNotEditable
    return submit(actor, template_id, written)


def submit(actor: Actor, template_id: UUID, written: TemplateText) -> TemplateView:
    """Keep the text and have Meta review it: PENDING, or what Meta says at once.

    Raises:
        ValidationFailed: Meta would refuse it; by `lint`'s places. Nothing changes.
        NotFound, TemplateNotEditable, TemplateNameTaken: nothing changes.
        GraphRefused, ProviderError: what Meta says; a draft is kept with the new written.
    """
    actor.require(Permission.TEMPLATE_MANAGE)
    _require_right(written)
    with db.transaction(actor.workspace_id) as session:
        if drafts.find(session, actor, template_id).status is TemplateStatus.DRAFT:
            drafts.change(session, actor, template_id, written)
        target = _target(session, actor, template_id)
    if target.status not in EDITABLE:
        raise TemplateNotEditable
    components = to_components(written.shape)
    submitted = to_components(_with_handle(actor, target.credentials, written.shape))
    if target.meta_id is None:
        made = graph.create(
            target.credentials,
            target.waba_id,
            name=written.name,
            language=written.language,
            category=written.category.value,
            is_named=written.shape.is_named,
            components=submitted,
        )
        meta_id, status, category = made.id, _status(made.status), made.category
    else:
        graph.edit(target.credentials, target.meta_id, submitted)
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
        return drafts.view_of(row)


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
    row.is_named = info.parameter_format == "NAMED"
    row.components = keep_sample(info.components, row.components or [], is_named=row.is_named)
    score = info.quality_score.score if info.quality_score else None
    row.quality = score[:20] if score else None
    reason = info.rejected_reason or "NONE"
    row.reason = None if reason == "NONE" else reason[:500]


def _require_right(written: TemplateText) -> None:
    findings = lint.check(written.name, written.language, written.shape)
    if findings:
        raise ValidationFailed({one.place: one.sentence for one in reversed(findings)})


def _with_handle(actor: Actor, credentials: Credentials, shape: Shape) -> Shape:
    """Return the shape as Meta gets it: the header's sample is there, and stands as its handle."""
    if shape.sample_id is None:
        return shape
    with db.transaction(actor.workspace_id) as session:
        found = uploads.get(session, actor, shape.sample_id)
        place = files.readable(session, actor, shape.sample_id)
    if found.content_type not in SAMPLES[shape.header]:
        raise ValidationFailed({"header": _("This file is not of the header's kind.")})
    app_id = management.inspect_token(credentials).app_id
    if app_id is None:
        raise ProviderError
    with tempfile.TemporaryFile(prefix="sample-") as file:
        for chunk in storage().open(place.key).chunks:
            file.write(chunk)
        size = file.tell()
        file.seek(0)
        handle = graph.bring_sample(
            credentials,
            app_id,
            file,
            size=size,
            content_type=found.content_type,
            filename=place.filename,
        )
    return replace(shape, media=handle)


def _account_of(session: Session, actor: Actor, phone_number_id: UUID | None) -> UUID:
    if phone_number_id is not None:
        account_id = phone_numbers.lock(session, actor, phone_number_id).account_id
        if account_id is None:
            raise NotFound
        return account_id
    accounts = whatsapp_accounts.list_used(session, actor)
    if len(accounts) != 1:
        raise ValidationFailed({"phone_number_id": _("Name a number of the account.")})
    return accounts[0].id


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
