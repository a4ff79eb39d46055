"""Writing a template: the form at the left, what the customer will see at the right, Meta's rules
told while one writes."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.elements.mixins.value_element import ValueElement

from app.actor import Permission
from app.components import feedback
from app.components.button import button, link_button, mark
from app.components.call import action, ask, call
from app.components.chooser import chooser
from app.components.file_field import FileField
from app.components.forms import confirm, labelled
from app.components.shell import page_bar
from app.components.template_preview import template_preview
from app.errors import AppError
from app.i18n import gettext as _
from app.models.enums import TemplateCategory, TemplateStatus
from app.pages.templates.parts import ButtonRows, line
from app.services import whatsapp_accounts
from app.services.sessions import SessionView
from app.services.templates import drafts, lint, review
from app.services.templates.drafts import TemplateText, TemplateView
from app.services.templates.fill import Values
from app.services.templates.shape import SAMPLES, HeaderKind, Shape
from app.services.templates.words import (
    category_name,
    header_name,
    reason_sentence,
    status_name,
)

LANGUAGES = {
    "en_US": "English (US)", "en_GB": "English (UK)", "en": "English", "de": "Deutsch",
    "es": "Español", "fr": "Français", "id": "Bahasa Indonesia", "it": "Italiano",
    "nl": "Nederlands", "pl": "Polski", "pt_BR": "Português (Brasil)", "pt_PT": "Português",
    "tr": "Türkçe", "hi": "हिन्दी", "ar": "العربية", "zh_CN": "中文 (简体)", "ja": "日本語",
}  # fmt: skip
HEADERS = (HeaderKind.NONE, HeaderKind.TEXT, *SAMPLES, HeaderKind.LOCATION)


def build(session: SessionView, template_id: UUID | None) -> None:
    """Compose the page; without a template, for a new one."""
    Editor(session, template_id)


class Editor:
    """One page load. What is written is read from the fields whenever one changes."""

    def __init__(self, session: SessionView, template_id: UUID | None) -> None:
        self._actor = session.actor
        self._may_manage = session.actor.may(Permission.TEMPLATE_MANAGE)
        self._id = template_id
        self._view: TemplateView | None = None
        self._examples: dict[str, str] = {}
        self._header_examples: dict[str, str] = {}
        self._fields: dict[str, ValueElement[Any]] = {}
        ui.page_title(_("Template"))
        with page_bar(_("Template")):
            link_button(
                _("All templates"), "/templates", testid="all-templates", icon="chevron-left"
            )
        self._page = ui.element("div").classes("page editor")
        background_tasks.create(self._begin(), name="template", context=self._page)

    @action
    async def _begin(self) -> None:
        if self._id is not None:
            self._view = await call(self._actor, drafts.get, self._id)
        if not self._page.is_deleted:
            self._draw()

    def _draw(self) -> None:
        view = self._view
        shape = view.shape if view else Shape()
        is_draft = view is None or view.status is TemplateStatus.DRAFT
        can_edit = self._may_manage and (view is None or view.is_editable)
        self._examples = dict(shape.examples)
        self._header_examples = dict(shape.header_examples)
        self._page.clear()
        with self._page:
            with ui.element("div").classes("page-stack"):
                if view is not None:
                    self._state(view)
                if can_edit:
                    self._form(shape, is_draft=is_draft)
                if self._may_manage and view is not None:
                    self._more(view)
            with ui.element("aside").classes("editor-preview"):
                ui.label(_("What the customer sees")).classes("label")
                self._preview = ui.element("div")
                if can_edit:
                    self._finish(is_draft=is_draft)
        self._paint(shape)
        if can_edit:
            self._refresh()

    def _state(self, view: TemplateView) -> None:
        with ui.element("section").classes("card"):
            with ui.element("header").classes("card-head hstack"):
                with ui.element("h2").classes("card-title grow"):
                    ui.label(view.name)
                mark(ui.label(status_name(view.status)).classes("badge"), "template-status")
            ui.label(f"{category_name(view.category)} · {view.language}").classes("card-sub")
            if view.reason:
                words = reason_sentence(view.reason)
                mark(ui.label(words).classes("callout mt-3"), "template-reason")
            if view.shape.is_foreign:
                ui.label(_("It has parts that are made in the WhatsApp Manager.")).classes("hint")

    def _form(self, shape: Shape, *, is_draft: bool) -> None:
        with ui.element("section").classes("card"), ui.element("div").classes("form") as form:
            form.props["role"] = "group"
            form.props["aria-label"] = _("Template")
            if is_draft:
                self._identity()
            kinds = {kind.value: header_name(kind) for kind in HEADERS}
            if shape.header not in HEADERS:
                kinds[shape.header.value] = header_name(shape.header)
            self._choice("header", _("Header"), kinds, shape.header.value)
            with ui.element("div") as self._header_line:
                self._line("header_text", _("Words of the header"), shape.header_text, most=80)
            with labelled(
                _("Sample"), _("Meta looks at it; customers get a file of your choice.")
            ) as self._sample_line:
                self._sample = FileField(
                    accept="", on_change=self._refresh, testid="template-sample",
                    value=shape.media if shape.sample_id else "",
                )  # fmt: skip
            self._text("body", _("Text"), shape.body)
            with ui.element("div").classes("hstack gap-2"):
                button(_("Add a variable"), self._add_variable, testid="template-variable")
            self._example_box = ui.element("div").classes("form")
            self._line("footer", _("Footer"), shape.footer, most=80)
            self._buttons = ButtonRows(shape.buttons, self._refresh)

    def _finish(self, *, is_draft: bool) -> None:
        """Draw what is still missing and the actions: beside the fields, so that none of them
        moves from under the pointer when the list grows or shrinks."""
        with ui.element("div").classes("mt-3") as self._missing:
            ui.label(_("Before it can be submitted")).classes("label")
            self._findings = mark(ui.element("ul").classes("findings"), "template-findings")
        with ui.element("div").classes("form-actions"):
            if is_draft:
                button(_("Save the draft"), self._save, testid="template-save")
            self._submit_button = button(
                _("Submit to Meta"), self._submit, look="primary", testid="template-submit"
            )

    def _identity(self) -> None:
        view = self._view
        self._line(
            "name", _("Name"), view.name if view else "", most=512,
            hint=_("Only your team sees it. Small letters, digits and _."),
        )  # fmt: skip
        languages = LANGUAGES | ({view.language: view.language} if view else {})
        self._choice("language", _("Language"), languages, view.language if view else "en_US")
        categories = {
            one.value: category_name(one)
            for one in (TemplateCategory.UTILITY, TemplateCategory.MARKETING)
        }
        chosen = view.category.value if view else TemplateCategory.UTILITY.value
        hint = _("Utility: about something that the customer has asked for. Else marketing.")
        self._choice("category", _("Category"), categories, chosen, hint=hint)

    def _line(self, name: str, label: str, text: str, *, most: int, hint: str = "") -> None:
        self._fields[name] = line(
            label, text, self._refresh, testid=f"template-{name}", most=most, hint=hint
        )

    def _text(self, name: str, label: str, text: str) -> None:
        with labelled(label):
            field = ui.textarea(value=text, on_change=self._refresh)
            field.props("outlined autogrow debounce=200 maxlength=1400")
        field.props["aria-label"] = label
        self._fields[name] = mark(field, f"template-{name}")

    def _choice(
        self, name: str, label: str, options: dict[str, str], chosen: str, *, hint: str = ""
    ) -> None:
        with labelled(label, hint):
            self._fields[name] = chooser(
                options, chosen, label=label, testid=f"template-{name}", on_change=self._refresh
            )

    def _value(self, name: str, default: str = "") -> str:
        return str(self._fields[name].value or "") if name in self._fields else default

    def _written(self) -> TemplateText:
        view = self._view
        before = view.shape if view else Shape()
        shape = Shape(
            header=HeaderKind(self._value("header", before.header.value)),
            header_text=self._value("header_text"),
            header_examples=self._header_examples,
            media=self._sample.value or before.media,
            body=self._value("body"),
            footer=self._value("footer").strip(),
            buttons=self._buttons.read(),
            examples=self._examples,
        )
        names = [*shape.variables, *shape.header_variables]
        return TemplateText(
            name=self._value("name", view.name if view else "").strip(),
            language=self._value("language", view.language if view else ""),
            category=TemplateCategory(
                self._value("category", view.category.value if view else "UTILITY")
            ),
            shape=replace(shape, is_named=any(not name.isdecimal() for name in names)),
        )

    def _refresh(self, *_event: Any) -> None:
        """Show the preview, the examples that are wanted, and what Meta would refuse."""
        written = self._written()
        shape = written.shape
        self._header_line.set_visibility(shape.header is HeaderKind.TEXT)
        self._sample_line.set_visibility(shape.header in SAMPLES)
        self._sample.take(",".join(sorted(SAMPLES.get(shape.header, ()))))
        self._draw_examples(shape)
        findings = lint.check(written.name, written.language, shape)
        self._findings.clear()
        with self._findings:
            for one in findings:
                with ui.element("li"):
                    ui.label(one.sentence)
        self._missing.set_visibility(bool(findings))
        self._submit_button.set_enabled(not findings)
        self._paint(shape)

    def _paint(self, shape: Shape) -> None:
        self._preview.clear()
        with self._preview:
            values = Values(header=self._header_examples, body=self._examples)
            template_preview(shape, values)

    def _draw_examples(self, shape: Shape) -> None:
        """Ask for an example of each variable; fields that are there keep what is in them."""
        wanted = [("header", name) for name in shape.header_variables]
        wanted += [("body", name) for name in shape.variables]
        if wanted == getattr(self, "_asked", None):
            return
        self._asked = wanted
        self._example_box.clear()
        with self._example_box:
            for part, name in wanted:
                kept = self._header_examples if part == "header" else self._examples
                label = _("Example for {variable}").format(variable=f"{{{{{name}}}}}")

                def keep(event: Any, kept: dict[str, str] = kept, name: str = name) -> None:
                    kept[name] = str(event.value or "")
                    self._refresh()

                line(label, kept.get(name, ""), keep, testid=f"example-{part}-{name}", most=200)

    def _add_variable(self) -> None:
        body = self._fields["body"]
        text = str(body.value or "")
        names = [name for name in self._written().shape.variables if name.isdecimal()]
        body.set_value(f"{text.rstrip()} {{{{{len(names) + 1}}}}} ".lstrip())

    @action
    async def _save(self) -> None:
        await self._keep()
        feedback.toast(_("The draft is saved."))

    async def _keep(self) -> UUID:
        written = self._written()
        if self._id is None:
            accounts = await call(self._actor, whatsapp_accounts.list_all)
            made = await call(self._actor, drafts.create, accounts[0].id, written)
            self._id, self._view = made.id, made
            ui.navigate.history.replace(f"/templates/{made.id}")
        elif self._view is not None and self._view.status is TemplateStatus.DRAFT:
            self._view = await call(self._actor, drafts.change, self._id, written)
        return self._id

    @action
    async def _submit(self) -> None:
        template_id = await self._keep()
        self._view = await ask(self._actor, review.submit, template_id, self._written())
        feedback.toast(_("Meta is looking at it. That takes minutes, sometimes a day."))
        self._draw()

    def _more(self, view: TemplateView) -> None:
        with ui.element("section").classes("card"), ui.element("div").classes("form-actions"):
            if not view.shape.is_foreign:
                button(_("Duplicate"), self._duplicate, testid="template-duplicate")
            button(_("Delete"), self._delete, look="danger", testid="template-delete")

    @action
    async def _duplicate(self) -> None:
        view = self._view
        if view is None:
            return
        for number in range(2, 100):
            try:
                made = await call(
                    self._actor,
                    drafts.duplicate,
                    view.id,
                    name=f"{view.name[:500]}_{number}",
                    language=view.language,
                )
            except AppError as error:
                if error.code != drafts.TemplateNameTaken.code:
                    raise
                continue
            ui.navigate.to(f"/templates/{made.id}")
            return

    @action
    async def _delete(self) -> None:
        view = self._view
        if view is None:
            return
        with self._page:
            is_sure = await confirm(
                _("Delete {name}?").format(name=view.name),
                _("At Meta, too. The name cannot be used again for thirty days.")
                if view.status is not TemplateStatus.DRAFT
                else _("The draft is gone then."),
                label=_("Delete"),
                testid="template-delete",
            )
        if is_sure:
            await ask(self._actor, review.remove, view.id)
            ui.navigate.to("/templates")
