"""Message templates: what Meta has reviewed, and what is still a draft."""

from typing import Any
from uuid import UUID

from pydantic import Field

from app.actor import Permission
from app.api.rest.operation import CurrentCall, asking, new_router, operation
from app.api.rest.shapes import Answer, Body, Moment, Part, Text
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.models.enums import TemplateCategory, TemplateStatus
from app.services.templates import drafts, review, shape
from app.services.templates.drafts import TemplateText, TemplateView

router = new_router("Templates")
Components = list[dict[str, Any]]


class Template(Answer):
    """A template; `components` are as Meta writes them."""

    id: UUID
    name: str
    language: str
    category: TemplateCategory
    status: TemplateStatus
    reason: str | None
    quality: str | None
    parameter_format: str
    components: Components
    submitted_at: Moment | None
    created_at: Moment
    updated_at: Moment


class Templates(Answer):
    """A page of the workspace's templates, newest first."""

    templates: list[Template]
    next_cursor: str | None


class OneTemplate(Answer):
    """One template."""

    template: Template


class NewTemplate(Body):
    """A template to submit; with `submit` false it stays a draft."""

    phone_number_id: UUID | None = Field(default=None, strict=False)
    name: Text = Field(min_length=1, max_length=512)
    language: Text = Field(min_length=1, max_length=10)
    category: TemplateCategory = Field(strict=False)
    parameter_format: Text = Field(default="POSITIONAL", pattern="^(NAMED|POSITIONAL)$")
    components: Components = Field(min_length=1, max_length=10)
    submit: bool = True


class OtherParts(Body):
    """What to say instead; name, language and category are changed of a draft only."""

    name: Text | None = Field(default=None, min_length=1, max_length=512)
    language: Text | None = Field(default=None, min_length=1, max_length=10)
    category: TemplateCategory | None = Field(default=None, strict=False)
    components: Components | None = Field(default=None, min_length=1, max_length=10)
    submit: bool = True


@router.get("/templates")
@operation(Permission.TEMPLATE_READ)
def list_templates(call: CurrentCall, part: Part) -> Templates:
    """Return the workspace's templates, newest first."""
    page = drafts.list_page(call.session, call.actor, part)
    return Templates(templates=[_template(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/templates", status_code=201)
@asking(Permission.TEMPLATE_MANAGE)
def create_template(call: CurrentCall, body: NewTemplate) -> OneTemplate:
    """Have Meta review a new template of the account of a number, or keep it as a draft."""
    written = TemplateText(
        name=body.name,
        language=body.language,
        category=body.category,
        shape=_shape(body.components, is_named=body.parameter_format == "NAMED"),
    )
    made = review.create(
        call.actor, written, phone_number_id=body.phone_number_id, is_submitted=body.submit
    )
    return OneTemplate(template=_template(made))


@router.get("/templates/{id}")
@operation(Permission.TEMPLATE_READ)
def get_template(call: CurrentCall, id: UUID) -> OneTemplate:  # noqa: A002  # as documented
    """Return one template."""
    return OneTemplate(template=_template(drafts.get(call.session, call.actor, id)))


@router.patch("/templates/{id}")
@asking(Permission.TEMPLATE_MANAGE)
def change_template(call: CurrentCall, id: UUID, body: OtherParts) -> OneTemplate:  # noqa: A002  # same
    """Change a template; one that Meta has is reviewed again."""

    def change(view: TemplateView) -> TemplateText:
        parts = view.shape
        if body.components is not None:
            parts = _shape(body.components, is_named=view.shape.is_named)
        return TemplateText(
            name=body.name or view.name,
            language=body.language or view.language,
            category=body.category or view.category,
            shape=parts,
        )

    changed = review.change(call.actor, id, change, is_submitted=body.submit)
    return OneTemplate(template=_template(changed))


@router.delete("/templates/{id}", status_code=204)
@asking(Permission.TEMPLATE_MANAGE)
def delete_template(call: CurrentCall, id: UUID) -> None:  # noqa: A002  # same
    """Delete a template, at Meta too; its name is blocked there for thirty days."""
    review.remove(call.actor, id)


def _shape(components: Components, *, is_named: bool) -> shape.Shape:
    read = shape.read(components, is_named=is_named)
    if read.is_foreign:
        raise ValidationFailed(
            {
                "components": _(
                    "A body with text is needed; header, footer and buttons may be added, of the"
                    " kinds that the editor offers."
                )
            }
        )
    return read


def _template(view: TemplateView) -> Template:
    return Template(
        id=view.id,
        name=view.name,
        language=view.language,
        category=view.category,
        status=view.status,
        reason=view.reason,
        quality=view.quality,
        parameter_format="NAMED" if view.shape.is_named else "POSITIONAL",
        components=view.components,
        submitted_at=view.submitted_at,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )
