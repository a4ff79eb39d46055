"""Who is in the workspace, who is invited, and what each role may do."""

from uuid import UUID

from nicegui import background_tasks, ui

from app.actor import LOWEST_ROLE, Permission, Role
from app.components import feedback
from app.components.button import button, link_button, mark
from app.components.call import action, call
from app.components.chooser import chooser
from app.components.forms import Form, Values, confirm
from app.components.icon import icon
from app.components.person import avatar
from app.components.proof import proven
from app.components.settings_frame import section, settings_page, table_region
from app.components.when import ago
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services import invitations, members, seats, verification
from app.services.invitations import InvitationView
from app.services.members import MemberView
from app.services.seats import SeatsView
from app.services.sessions import SessionView
from app.services.words import permission_name, role_name


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "team", _("Team")) as root:
        Team(session, root)


class Team:
    """The cards of the page, drawn anew after each change."""

    def __init__(self, session: SessionView, root: ui.element) -> None:
        self._session = session
        self._actor = session.actor
        self._can_manage = session.actor.may(Permission.MEMBER_MANAGE)
        self._root = root
        background_tasks.create(self._load(), name="team", context=root)

    @action
    async def _load(self) -> None:
        people = await call(self._actor, members.list_members)
        invited = await call(self._actor, invitations.list_open)
        waiting = await call(self._actor, verification.awaited)
        places = await call(self._actor, seats.count)
        if self._root.is_deleted:
            return
        self._root.clear()
        with self._root:
            if self._can_manage and waiting is None:
                self._invite()
            elif self._can_manage:
                _confirm_first()
            with section(_("Members"), _seats_line(places)), ui.element("ul").classes("entries"):
                for one in people:
                    self._member(one)
            if invited:
                with section(_("Invited")), ui.element("ul").classes("entries"):
                    for invitation in invited:
                        self._invited(invitation)
            if self._actor.role is not Role.OWNER or _owners(people) > 1:
                self._leave_card()
            _role_table()

    def _roles(self) -> dict[str, str]:
        """Return the roles that this person may give."""
        return {
            role.value: role_name(role)
            for role in Role
            if role is not Role.OWNER or self._actor.role is Role.OWNER
        }

    def _invite(self) -> None:
        async def send(values: Values) -> None:
            async def invite() -> None:
                await call(
                    self._actor,
                    invitations.create,
                    email=values["email"],
                    role=Role(values["role"]),
                )
                feedback.toast(_("The invitation is on its way."))
                await self._load()

            with self._root:
                await proven(self._actor, invite)

        with (
            section(_("Invite somebody"), _("They get a mail with a link that works for a week.")),
            Form(send, label=_("Send the invitation"), testid="invite") as form,
        ):
            form.text("email", _("E-mail address"), kind="email", maxlength=254)
            form.choice("role", _("Role"), self._roles(), value=Role.AGENT.value)

    def _member(self, one: MemberView) -> None:
        with mark(ui.element("li").classes("entry"), f"member-{one.user_id}"):
            avatar(one.name or one.email, one.image)
            with ui.element("div").classes("entry-text"):
                ui.label(one.name or one.email).classes("entry-title")
                seen = ago(one.last_seen_at) if one.last_seen_at else _("not here lately")
                ui.label(f"{one.email} · {seen}").classes("entry-sub")
            if one.has_second_factor:
                ui.label(_("Two-step")).classes("badge badge-ok")
            self._role(one)

    def _role(self, one: MemberView) -> None:
        is_fixed = one.role is Role.OWNER and self._actor.role is not Role.OWNER
        if not self._can_manage or is_fixed or one.is_self:
            ui.label(role_name(one.role)).classes("badge badge-neutral")
            return
        chooser(
            self._roles(),
            one.role.value,
            label=_("Role of {name}").format(name=one.name or one.email),
            testid=f"member-role-{one.user_id}",
            on_change=lambda event: self._change_role(one.user_id, Role(event.value)),
        ).classes("entry-choice")
        if self._actor.role is Role.OWNER and one.role is not Role.OWNER:
            button(
                _("Make owner"),
                lambda: self._transfer(one),
                look="ghost",
                testid=f"member-transfer-{one.user_id}",
            )
        button(
            _("Remove"),
            lambda: self._remove(one),
            look="ghost",
            testid=f"member-remove-{one.user_id}",
        )

    @action
    async def _change_role(self, user_id: UUID, role: Role) -> None:
        async def change() -> None:
            await call(self._actor, members.change_role, user_id, role)

        try:
            with self._root:
                await proven(self._actor, change)
        finally:
            await self._load()

    @action
    async def _remove(self, one: MemberView) -> None:
        async def remove() -> None:
            await call(self._actor, members.remove, one.user_id)
            await self._load()

        name = one.name or one.email
        with self._root:
            is_sure = await confirm(
                _("Remove {name}?").format(name=name),
                _("They lose access at once, and their API keys end. Their messages stay."),
                label=_("Remove"),
                testid="member-remove",
            )
            if is_sure:
                await proven(self._actor, remove)

    @action
    async def _transfer(self, one: MemberView) -> None:
        async def transfer() -> None:
            await call(self._actor, members.transfer_ownership, one.user_id)
            await self._load()

        name = one.name or one.email
        with self._root:
            is_sure = await confirm(
                _("Make {name} the owner?").format(name=name),
                _("You stay as an admin, and cannot take it back yourself."),
                label=_("Hand over"),
                testid="member-transfer",
            )
            if is_sure:
                await proven(self._actor, transfer)

    def _invited(self, one: InvitationView) -> None:
        with mark(ui.element("li").classes("entry"), f"invitation-{one.id}"):
            with ui.element("div").classes("entry-text"):
                ui.label(one.email).classes("entry-title")
                state = _("The link is too old.") if one.is_expired else _("Not answered yet.")
                ui.label(f"{role_name(one.role)} · {ago(one.sent_at)} · {state}").classes(
                    "entry-sub"
                )
            if self._can_manage:
                button(
                    _("Send again"),
                    lambda: self._resend(one.id),
                    look="ghost",
                    testid=f"invitation-resend-{one.id}",
                )
                button(
                    _("Withdraw"),
                    lambda: self._withdraw(one.id),
                    look="ghost",
                    testid=f"invitation-withdraw-{one.id}",
                )

    @action
    async def _resend(self, invitation_id: UUID) -> None:
        await call(self._actor, invitations.resend, invitation_id)
        feedback.toast(_("The invitation is on its way again."))
        await self._load()

    @action
    async def _withdraw(self, invitation_id: UUID) -> None:
        await call(self._actor, invitations.withdraw, invitation_id)
        await self._load()

    def _leave_card(self) -> None:
        with section(_("Leave"), _("You lose access to this workspace at once.")):
            button(_("Leave the workspace"), self._leave, look="danger", testid="team-leave")

    @action
    async def _leave(self) -> None:
        with self._root:
            is_sure = await confirm(
                _("Leave {workspace}?").format(workspace=self._session.workspace_name),
                _("Your API keys end. Somebody has to invite you again to come back."),
                label=_("Leave"),
                testid="team-leave",
            )
        if is_sure:
            await call(self._actor, members.leave)


def _owners(people: list[MemberView]) -> int:
    return sum(one.role is Role.OWNER for one in people)


def _seats_line(places: SeatsView) -> str:
    line = ngettext(
        "{taken} of {most} seat is taken or promised.",
        "{taken} of {most} seats are taken or promised.",
        places.most,
    )
    return line.format(taken=places.taken, most=places.most)


def _confirm_first() -> None:
    """Say what comes before inviting somebody."""
    text = _("Confirm your e-mail address first, so that people know who invites them.")
    with section(_("Invite somebody"), text):
        link = link_button(_("Confirm my address"), "/verify-email", testid="team-verify")
        link.props["data-leave"] = True


def _role_table() -> None:
    with (
        section(_("What each role may do")),
        table_region(_("What each role may do")),
        ui.element("table").classes("table table-tight"),
    ):
        with ui.element("thead"), ui.element("tr"):
            for words in (_("Permission"), *(role_name(role) for role in Role)):
                with ui.element("th"):
                    ui.label(words)
        with ui.element("tbody"):
            for permission, lowest in LOWEST_ROLE.items():
                with ui.element("tr"):
                    with ui.element("td"):
                        ui.label(permission_name(permission))
                    for role in Role:
                        with ui.element("td"):
                            if role.rank <= lowest.rank:
                                icon("check").props["aria-label"] = _("Yes")
