"""One conversation: header, bubbles, composer. Subscribe, load the window, catch up."""

import asyncio
from collections.abc import Callable
from typing import Any

from nicegui import background_tasks, context, ui
from nicegui.events import GenericEventArguments

from app.actor import Permission
from app.components.button import mark
from app.components.call import action, ask, call
from app.components.compose_dialog import open_form
from app.components.composer import Composer
from app.components.icon import icon
from app.components.live import ThreadSubscription
from app.components.message_log import EMOJIS, MessageLog
from app.components.person import hue, initials
from app.components.template_picker import TemplatePicker
from app.errors import AppError, Unavailable
from app.i18n import gettext as _
from app.ids import new_id, parse_id
from app.pagination import Cursor
from app.services import (
    contacts,
    conversations,
    messages,
    replies,
    sending,
    signals,
    template_messages,
)
from app.services.conversations import ConversationView
from app.services.media import files
from app.services.messages import MessageView, ThreadWindow
from app.services.sending import Written
from app.services.sessions import SessionView
from app.services.templates.drafts import TemplateView
from app.services.templates.fill import Values

MOST_SEQ = 2**63 - 1  # of a bigint
MOST_MESSAGES = 200  # loaded at once
UNREAD_CONTEXT = 10  # messages above the first unread one


class MessageThread:
    """A conversation's region of the inbox, for one page load."""

    def __init__(self, session: SessionView, view: ConversationView) -> None:
        self._session = session
        self._actor = session.actor
        self._view = view
        self._is_loaded = False
        self._token = 0  # of the window that is shown; older rows belong to one
        self._seen = 0
        self._in_order = asyncio.Lock()  # what is sent in a hurry keeps its order
        _header(view)
        may_send = self._actor.may(Permission.MESSAGE_SEND)
        self.log = MessageLog(session, view, may_send=may_send)
        self.log.on("older", self._on_older)
        self.log.on("seen", self._on_seen)
        self.log.on("retry", self._on_send_again)
        self.log.on("resend", self._on_send_again)
        self.log.on("stop", self._on_give_up)
        self.log.on("relink", self.log.relink)
        self.log.on("refetch", self._on_refetch)
        self.composer = Composer(session, view, can_send=may_send)
        self.composer.on("send", self._on_send)
        self.composer.on("compose", self._on_compose)
        self.log.on("react", self._on_react)
        self.composer.on("template", self._on_template)
        self.composer.on("typing", self._on_typing)
        self._live = ThreadSubscription(context.client, self._actor, view.id, self._on_window)

    async def load(self) -> None:
        """Show the newest messages, then whatever came while they loaded."""
        await self._load(self._view.unread_count)

    async def _load(self, unread_count: int) -> None:
        window = await call(
            self._actor, messages.window, self._view.id, limit=_page_size(unread_count)
        )
        if self.log.is_deleted:
            return
        self._token += 1
        self.log.set_all(window, unread_count)
        self._is_loaded = True
        self._seen = window.change_seq
        self._live.catch_up(window.change_seq)

    def leave(self) -> None:
        """Stop following; the region is about to go."""
        self._live.leave()

    def _on_window(self, window: ThreadWindow) -> None:
        if self.log.is_deleted:
            self._live.leave()
            return
        if not self._is_loaded:
            return  # the window that loads now is newer; catch_up asks again for the rest
        if not window.is_complete:
            self._is_loaded = False
            background_tasks.create(self._reload(), name="thread reload", context=self.log)
            return
        self._seen = window.change_seq
        self.log.upsert(window.messages)
        until = window.window_expires_at
        if until is not None:
            self.composer.set_window(until)

    @action
    async def _reload(self) -> None:
        """Show the newest messages anew; while the database is away, the feed tries it again."""
        try:
            await self._load(0)
        except Unavailable:
            self._is_loaded = True
            self._live.catch_up(self._seen)

    @action
    async def _on_send(self, event: GenericEventArguments) -> None:
        """Queue files and then the text, in this order; the first of them has the quote."""
        client_ref = parse_id(str(event.args.get("client_ref")))
        text = str(event.args.get("text") or "")
        if client_ref is None:
            return
        answers = parse_id(str(event.args.get("answers")))
        is_stored, reason = False, _("This message was not stored. Please try again.")
        left = {file.client_ref: file for file in replies.read_files(event.args.get("files"))}
        try:
            async with self._in_order:
                for file in list(left.values()):
                    await self._send(replies.send_file, file=file, answers=answers)
                    answers = None
                    del left[file.client_ref]
                if text:
                    await self._send(
                        replies.send_text, text=text, client_ref=client_ref, answers=answers
                    )
            is_stored = True
        except AppError as error:
            reason = error.explanation
            raise
        finally:
            self.composer.settled(client_ref, left)
            if not is_stored and text:
                self.log.reject(client_ref, reason)
                self.composer.restore(text)

    async def _send(self, service: Callable[..., MessageView], **message: Any) -> None:
        sent = await call(self._actor, service, self._view.id, **message)
        if not self.log.is_deleted:
            self.log.upsert([sent])

    def _on_compose(self, event: GenericEventArguments) -> None:
        """Open the form of a kind of message; whatever becomes of it, it is sent once."""
        answers, client_ref = parse_id(str(event.args.get("answers"))), new_id()

        async def send(message: Written) -> None:
            async with self._in_order:
                await self._send(
                    replies.send, message=message, client_ref=client_ref, answers=answers
                )
            if not self.log.is_deleted:
                self.log.to_end()

        open_form(str(event.args.get("kind")), send)

    @action
    async def _on_react(self, event: GenericEventArguments) -> None:
        message_id = parse_id(str(event.args.get("id")))
        emoji = str(event.args.get("emoji") or "")
        if message_id is None or emoji not in {"", *EMOJIS}:
            return
        sent = await call(
            self._actor,
            replies.react,
            self._view.id,
            message_id=message_id,
            emoji=emoji,
            client_ref=new_id(),
        )
        if not self.log.is_deleted:
            self.log.upsert([sent])

    @action
    async def _on_template(self) -> None:
        """Let the person pick a template; whatever becomes of it, it is sent once."""
        views = await call(self._actor, template_messages.list_for, self._view.id)
        known = await call(self._actor, contacts.fillings, self._view.contact_id)
        if self.log.is_deleted:
            return
        client_ref = new_id()

        async def send(view: TemplateView, values: Values) -> None:
            async with self._in_order:
                await self._send(
                    template_messages.send,
                    template_id=view.id,
                    values=values,
                    client_ref=client_ref,
                )
            if not self.log.is_deleted:
                self.log.to_end()

        TemplatePicker(views, known, send)

    @action
    async def _on_send_again(self, event: GenericEventArguments) -> None:
        message_id = parse_id(str(event.args.get("id")))
        if message_id is None:
            return
        try:
            sent = await call(self._actor, sending.send_again, message_id)
        except AppError:
            self.log.repaint(message_id)  # one may ask again
            raise
        if not self.log.is_deleted:
            self.log.upsert([sent])

    @action
    async def _on_give_up(self, event: GenericEventArguments) -> None:
        message_id = parse_id(str(event.args.get("id")))
        if message_id is not None:
            stopped = await call(self._actor, sending.give_up, message_id)
            if not self.log.is_deleted:
                self.log.upsert([stopped])

    @action
    async def _on_refetch(self, event: GenericEventArguments) -> None:
        file_id = parse_id(str(event.args.get("id")))
        if file_id is not None:
            await call(self._actor, files.fetch_again, file_id)

    @action
    async def _on_older(self, event: GenericEventArguments) -> None:
        before = Cursor.decode(str(event.args.get("before") or ""))
        if before is None:
            return
        token = self._token
        unread = event.args.get("unread")  # how many are still above what is loaded
        limit = _page_size(unread if isinstance(unread, int) else 0)
        window = await call(self._actor, messages.window, self._view.id, before=before, limit=limit)
        if token == self._token and not self.log.is_deleted:
            self.log.prepend(window)

    @action
    async def _on_seen(self, event: GenericEventArguments) -> None:
        last = event.args.get("last")  # the highest sequence number on the screen
        if not isinstance(last, int) or not 0 < last <= MOST_SEQ:
            return
        if await call(self._actor, conversations.mark_read, self._view.id, last):
            self._show(signals.show_read, self._view.id, last)

    def _on_typing(self) -> None:
        self._show(signals.show_typing, self._view.id)

    def _show(self, signal: Callable[..., None], *args: Any) -> None:
        """Let the customer see something of us; nobody here waits for it."""
        background_tasks.create(self._ask(signal, *args), name="signal")

    @action
    async def _ask(self, signal: Callable[..., None], *args: Any) -> None:
        await ask(self._actor, signal, *args)


def _page_size(unread_count: int) -> int:
    """Return how many messages to load: the unread ones and what was said before them."""
    return max(messages.PAGE, min(unread_count + UNREAD_CONTEXT, MOST_MESSAGES))


def _header(view: ConversationView) -> None:
    with ui.element("header").classes("thread-head"):
        back = mark(ui.element("a").classes("icon-btn thread-back"), "thread-back")
        back.props["href"] = "/messages"
        back.props["aria-label"] = _("Back to the list")
        back.props["title"] = _("Back to the list")
        with back:
            icon("arrow-left")
        avatar = ui.label(initials(view.contact_name))
        avatar.classes(f"avatar avatar-32 hue-{hue(view.contact_name)}")
        avatar.props["aria-hidden"] = "true"
        with ui.element("div").classes("thread-who"):
            with ui.element("h2").classes("thread-name").props("tabindex=-1"):
                ui.label(view.contact_name)
            via = _("via {number}").format(number=view.number_name)
            parts = [part for part in (view.contact_phone, via) if part]
            with ui.element("p").classes("thread-sub"):
                ui.label(" · ".join(parts))
