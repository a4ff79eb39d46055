"""One's own password, second factor, providers and sign-ins."""

from uuid import UUID

from nicegui import background_tasks, ui

from app.components import feedback
from app.components.button import button, mark
from app.components.call import action, ask, call
from app.components.dialog import dialog
from app.components.forms import Form, Values, confirm
from app.components.proof import proven
from app.components.secret import show_codes
from app.components.settings_frame import section, settings_page
from app.components.when import ago
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services import own_sessions, password_changes, profiles, second_factor, sessions
from app.services.devices import describe
from app.services.oauth import accounts, providers
from app.services.own_sessions import SignInView
from app.services.sessions import SessionView


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "security", _("Security")) as root:
        Security(session, root)


class Security:
    """The cards of the page, drawn anew after each change."""

    def __init__(self, session: SessionView, root: ui.element) -> None:
        self._session = session
        self._actor = session.actor
        self._root = root
        background_tasks.create(self._load(), name="security", context=root)

    @action
    async def _load(self) -> None:
        profile = await call(self._actor, profiles.get)
        factor = await call(self._actor, second_factor.describe)
        linked = await call(self._actor, accounts.list_own)
        sign_ins = await call(self._actor, own_sessions.list_own)
        if self._root.is_deleted:
            return
        self._root.clear()
        with self._root:
            self._password(has_one=profile.has_password)
            self._second_factor(factor)
            if providers() or linked:
                self._providers(linked)
            self._sign_ins(sign_ins)

    def _password(self, *, has_one: bool) -> None:
        async def save(values: Values) -> None:
            await ask(
                self._actor,
                password_changes.change,
                current=values.get("current") or "",
                password=values["password"],
            )
            feedback.toast(_("Your password was changed. All other sign-ins have ended."))
            await self._load()

        with (
            section(_("Password"), _("At least 8 characters. Longer is better than complicated.")),
            Form(save, label=_("Change the password"), testid="password") as form,
        ):
            if has_one:
                form.text(
                    "current",
                    _("Present password"),
                    kind="password",
                    autocomplete="current-password",
                )
            form.text("password", _("New password"), kind="password", autocomplete="new-password")

    def _second_factor(self, factor: second_factor.SecondFactorView) -> None:
        text = _("Signing in asks for a code from your phone, so that a password is not enough.")
        with section(_("Two-step sign-in"), text), ui.element("div").classes("hstack gap-3"):
            if not factor.is_on:
                button(_("Switch on"), self._begin_factor, look="soft", testid="second-factor-on")
                return
            left = ngettext(
                "{n} recovery code is left.",
                "{n} recovery codes are left.",
                factor.recovery_codes_left,
            )
            ui.label(left.format(n=factor.recovery_codes_left)).classes("muted")
            with ui.element("div").classes("hstack gap-2"):
                button(_("New recovery codes"), self._renew_codes, testid="second-factor-codes")
                button(_("Switch off"), self._end_factor, look="danger", testid="second-factor-off")

    @action
    async def _begin_factor(self) -> None:
        async def begin() -> None:
            self._show_setup(await call(self._actor, second_factor.begin))

        await proven(self._actor, begin)

    def _show_setup(self, setup: second_factor.SetupView) -> None:
        async def send(values: Values) -> None:
            codes = await call(self._actor, second_factor.confirm, values["code"])
            box.close()
            await show_codes(codes)
            await self._load()

        with self._root, dialog(_("Scan this with your authenticator app")) as box:
            code = ui.element("img").classes("qr")
            code.props["src"] = setup.qr_svg
            code.props["alt"] = _("QR code for your app")
            ui.label(_("Or type this key:")).classes("muted")
            mark(ui.label(setup.secret).classes("code"), "second-factor-secret")
            with Form(
                send, label=_("Confirm"), testid="second-factor", on_cancel=box.close
            ) as form:
                form.text(
                    "code",
                    _("The code that the app shows"),
                    autocomplete="one-time-code",
                    maxlength=12,
                )
        box.open()

    @action
    async def _renew_codes(self) -> None:
        async def renew() -> None:
            await show_codes(await call(self._actor, second_factor.renew_codes))
            await self._load()

        with self._root:
            is_sure = await confirm(
                _("Make new recovery codes?"),
                _("The codes that you have kept stop working at once."),
                label=_("Make new codes"),
                testid="second-factor-codes",
            )
            if is_sure:
                await proven(self._actor, renew)

    @action
    async def _end_factor(self) -> None:
        async def end() -> None:
            await call(self._actor, second_factor.switch_off)
            feedback.toast(_("Two-step sign-in is off. All other sign-ins have ended."))
            await self._load()

        with self._root:
            is_sure = await confirm(
                _("Switch two-step sign-in off?"),
                _("Your password alone opens your account then."),
                label=_("Switch off"),
                testid="second-factor-off",
            )
            if is_sure:
                await proven(self._actor, end)

    def _providers(self, linked: list[accounts.OAuthAccountView]) -> None:
        names = {one.provider for one in linked}
        with section(_("Other ways to sign in")), ui.element("ul").classes("entries"):
            for one in linked:
                with ui.element("li").classes("entry"):
                    ui.label(one.provider.title()).classes("entry-title")
                    ui.label(one.email or "").classes("entry-sub")
                    button(
                        _("Disconnect"),
                        lambda account=one.id: self._unlink(account),
                        look="ghost",
                        testid=f"oauth-unlink-{one.provider}",
                    )
            for provider in providers():
                if provider.name not in names:
                    with ui.element("li").classes("entry"):
                        ui.label(provider.label).classes("entry-title")
                        button(
                            _("Connect"),
                            lambda name=provider.name: self._link(name),
                            look="ghost",
                            testid=f"oauth-link-{provider.name}",
                        )

    @action
    async def _link(self, provider: str) -> None:
        async def link() -> None:
            await call(self._actor, sessions.require_proof)
            # Not `ui.navigate`, which looks for a panel of the shell.
            url = f"/api/auth/oauth/{provider}?link=1&next=/settings/security"
            self._root.client.open(url)

        await proven(self._actor, link)

    @action
    async def _unlink(self, account_id: UUID) -> None:
        async def unlink() -> None:
            await call(self._actor, accounts.unlink, account_id)
            await self._load()

        await proven(self._actor, unlink)

    def _sign_ins(self, sign_ins: list[SignInView]) -> None:
        with section(_("Where you are signed in")):
            with ui.element("ul").classes("entries"):
                for one in sign_ins:
                    self._sign_in(one)
            if len(sign_ins) > 1:
                button(
                    _("End all others"),
                    self._revoke_others,
                    look="danger",
                    testid="sessions-revoke-others",
                )

    def _sign_in(self, one: SignInView) -> None:
        with mark(ui.element("li").classes("entry"), f"session-{one.id}"):
            ui.label(describe(one.user_agent)).classes("entry-title")
            facts = [one.ip, ago(one.last_seen_at)]
            ui.label(" · ".join(fact for fact in facts if fact)).classes("entry-sub")
            if one.is_current:
                ui.label(_("This device")).classes("badge badge-ok")
            else:
                button(
                    _("End"),
                    lambda session_id=one.id: self._revoke(session_id),
                    look="ghost",
                    testid=f"session-revoke-{one.id}",
                )

    @action
    async def _revoke(self, session_id: UUID) -> None:
        await call(self._actor, own_sessions.revoke_own, session_id)
        await self._load()

    @action
    async def _revoke_others(self) -> None:
        await call(self._actor, own_sessions.revoke_others)
        await self._load()
