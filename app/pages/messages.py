"""The inbox: the list at the left, a conversation at the right, one of them on a phone."""

from nicegui import context, ui

from app.components import feedback
from app.components.call import action, call
from app.components.conversation_list import ConversationList
from app.components.message_thread import MessageThread
from app.components.sandbox import connect_button
from app.components.shell import page_bar
from app.errors import NotFound
from app.i18n import gettext as _
from app.ids import parse_id
from app.services import conversations, phone_numbers
from app.services.sessions import SessionView


def build(session: SessionView) -> None:
    """Compose the inbox; the open conversation is the rest of the path."""
    Inbox(session)


class Inbox:
    """The two panes of one page load."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        ui.page_title(_("Inbox"))
        with ui.element("div").classes("inbox") as self._root:
            with ui.element("section").classes("inbox-list") as pane:
                pane.props["aria-label"] = _("Conversations")
                page_bar(_("Inbox"))
                self._list = ConversationList(session)
            with ui.element("section").classes("inbox-thread") as pane:
                pane.props["aria-label"] = _("Conversation")
                ui.sub_pages({"/": self._nothing_chosen, "/{conversation}": self._conversation})

    @action
    async def _nothing_chosen(self) -> None:
        self._show(thread=False)
        numbers = await call(self._session.actor, phone_numbers.list_all)
        with ui.element("div").classes("thread-empty"):
            if numbers:
                feedback.empty_state(
                    "message-circle",
                    _("Pick a conversation"),
                    _("Choose one from the list, or wait: new messages appear by themselves."),
                )
            else:
                with feedback.empty_state(
                    "phone",
                    _("No phone number yet"),
                    _("Connect a number, and what customers write to it appears here."),
                ):
                    connect_button(self._session)

    @action
    async def _conversation(self, conversation: str) -> None:
        conversation_id = parse_id(conversation)
        if conversation_id is None:
            _missing()
            return
        try:
            view = await call(self._session.actor, conversations.get, conversation_id)
        except NotFound:
            _missing()
            return
        self._show(thread=True)
        self._list.select(view.id)
        ui.page_title(view.contact_name)
        await MessageThread(self._session, view).load()

    def _show(self, *, thread: bool) -> None:
        """Tell the style sheet which pane a phone shows."""
        if not thread:
            self._list.select(None)
            ui.page_title(_("Inbox"))
        layout = context.client.layout
        if thread:
            self._root.classes(add="has-thread")
            layout.classes(add="in-thread")
        else:
            self._root.classes(remove="has-thread")
            layout.classes(remove="in-thread")


def _missing() -> None:
    with ui.element("div").classes("thread-empty"):
        feedback.empty_state(
            "message-circle",
            _("This conversation does not exist"),
            _("It may have been removed. Choose another one from the list."),
        )
