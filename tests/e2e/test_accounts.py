"""Accounts and teams as people live them: mails, invitations, roles, codes, sign-ins."""

import csv
import io
import random
import time

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, new_email, prove, ready
from tests.e2e.stack import Stack, Workspace

PASSWORD = "a long enough password"


def sign_up(page: Page, name: str, email: str) -> None:
    page.goto("/sign-up")
    for field, text in (
        ("name", name), ("email", email), ("password", PASSWORD), ("workspace", f"{name}'s shop"),
    ):  # fmt: skip
        page.get_by_test_id(f"sign-up-{field}").fill(text)
    page.get_by_test_id("sign-up-submit").click()
    page.wait_for_url("**/dashboard")


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-email").fill(email)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()


def open_mail(page: Page, subject: str, recipient: str) -> None:
    """Open a mail of the development mailbox, as soon as it is there, and follow its link."""
    open_mailbox(page, subject, recipient)
    page.get_by_test_id("mail-link").first.click()


def open_mailbox(page: Page, subject: str, recipient: str) -> None:
    """Open a mail of the development mailbox, as soon as it is there."""
    page.goto("/dev/mail")
    mail = page.locator("li").filter(has_text=recipient).filter(has_text=subject).first
    for _try in range(20):
        if mail.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    mail.get_by_role("link").click()


def settings(page: Page, name: str) -> None:
    page.goto(f"/settings/{name}")
    ready(page)


def test_from_signing_up_to_a_team_and_out_again(person: Person) -> None:
    ana, ben = new_email("ana"), new_email("ben")
    owner, guest = person(), person()
    sign_up(owner, "Ana", ana)
    settings(owner, "team")
    expect(owner.get_by_text("Confirm your e-mail address first")).to_be_visible()
    expect(owner.get_by_test_id("invite-email")).to_have_count(0)
    owner.goto("/phone-numbers/connect")
    ready(owner)
    expect(owner.get_by_test_id("connect-verify")).to_be_visible()
    expect(owner.get_by_test_id("connect-own")).to_be_hidden()
    expect(owner.get_by_test_id("connect-sandbox")).to_be_visible()

    open_mail(owner, "Confirm your e-mail address", ana)
    owner.get_by_test_id("verify-email-submit").click()
    expect(owner.get_by_test_id("verified")).to_be_visible()
    settings(owner, "team")
    owner.get_by_test_id("invite-email").fill(ben)
    owner.get_by_test_id("invite-submit").click()
    expect(owner.get_by_text("Not answered yet")).to_be_visible()

    open_mail(guest, "Ana invites you", ben)
    expect(guest.get_by_test_id("invitation-offer")).to_contain_text("Agent")
    guest.get_by_test_id("invitation-name").fill("Ben")
    guest.get_by_test_id("invitation-password").fill(PASSWORD)
    guest.get_by_test_id("invitation-accept").click()
    guest.wait_for_url("**/dashboard")
    expect(guest.get_by_test_id("workspace-menu")).to_contain_text("Ana's shop")
    settings(guest, "profile")
    expect(guest.get_by_test_id("settings-audit")).to_have_count(0)
    assert guest.request.get("/settings/audit").status == 404

    settings(owner, "team")
    row = owner.locator("[data-testid^=member-]").filter(has_text=ben)
    row.locator("[data-testid^=member-role-]").click()
    owner.get_by_role("option", name="Admin").click()
    expect(guest.get_by_test_id("settings-audit")).to_be_visible()  # by itself

    row.locator("[data-testid^=member-remove-]").click()
    owner.get_by_test_id("member-remove-confirm").click()
    guest.wait_for_url("**/workspaces/new")  # by itself, and nothing of the shop is left
    assert guest.request.get("/dashboard", max_redirects=0).status == 303


def test_a_mistyped_address_is_corrected_where_its_link_is_awaited(
    person: Person, stack: Stack
) -> None:
    wrong, right = new_email("finn").replace("example", "exmaple"), new_email("finn")
    page = person()
    sign_up(page, "Finn", wrong)
    settings(page, "team")
    page.get_by_test_id("team-verify").click()
    expect(page.get_by_test_id("verify-address")).to_contain_text(wrong)
    page.get_by_test_id("verify-resend").click()
    expect(page.get_by_test_id("form-error")).to_contain_text("too often")  # a moment ago

    page.get_by_test_id("verify-email").fill("no address")
    page.get_by_test_id("verify-change").click()
    expect(page.get_by_text("This does not look like an e-mail address")).to_be_visible()
    page.get_by_test_id("verify-email").fill(right)
    page.get_by_test_id("verify-change").click()
    expect(page.get_by_test_id("verify-sent")).to_be_visible()
    expect(page.get_by_test_id("verify-address")).to_contain_text(right)

    open_mail(page, "Confirm your e-mail address", right)
    page.get_by_test_id("verify-email-submit").click()
    expect(page.get_by_test_id("verified")).to_be_visible()
    page.goto("/verify-email")
    page.wait_for_url("**/settings/profile")
    expect(page.get_by_text(right)).to_be_visible()
    settings(page, "team")
    expect(page.get_by_test_id("invite-email")).to_be_visible()
    again = person()
    sign_in(again, right, PASSWORD)
    again.wait_for_url("**/dashboard")


def test_a_forgotten_password_is_reset_once_and_ends_every_sign_in(
    person: Person, stack: Stack
) -> None:
    cleo = new_email("cleo")
    old, page = person(), person()
    sign_up(old, "Cleo", cleo)
    ready(old)

    page.goto("/sign-in")
    page.get_by_test_id("forgot-password").click()
    page.get_by_test_id("forgot-password-email").fill(cleo)
    page.get_by_test_id("forgot-password-submit").click()
    expect(page.get_by_test_id("forgot-password-sent")).to_contain_text(cleo)
    open_mail(page, "Choose a new password", cleo)
    link = page.url
    page.get_by_test_id("reset-password-password").fill("quite another password")
    page.get_by_test_id("reset-password-submit").click()

    page.wait_for_url("**/sign-in?notice=password")
    old.wait_for_url("**/sign-in**")
    assert page.request.get(link).status == 410
    sign_in(page, cleo, PASSWORD)
    expect(page.get_by_test_id("form-error")).to_be_visible()
    sign_in(page, cleo, "quite another password")
    page.wait_for_url("**/dashboard")


def test_two_step_sign_in_with_a_real_authenticator(person: Person) -> None:
    dora = new_email("dora")
    page, phone = person(), person()
    sign_up(page, "Dora", dora)
    settings(page, "security")
    page.get_by_test_id("second-factor-on").click()
    secret = page.get_by_test_id("second-factor-secret").inner_text()
    page.get_by_test_id("second-factor-code").fill("000000")
    page.get_by_test_id("second-factor-submit").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.get_by_test_id("second-factor-code").fill(pyotp.TOTP(secret).now())
    page.get_by_test_id("second-factor-submit").click()
    codes = page.get_by_test_id("recovery-codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_test_id("recovery-codes-kept").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()

    sign_in(phone, dora, PASSWORD)
    phone.get_by_test_id("sign-in-code").fill("123456")
    phone.get_by_test_id("sign-in-code-submit").click()
    expect(phone.get_by_test_id("form-error")).to_contain_text("not right")
    phone.get_by_test_id("sign-in-code").fill(codes[0])
    phone.get_by_test_id("sign-in-code-submit").click()
    phone.wait_for_url("**/dashboard")
    tablet = person()
    sign_in(tablet, dora, PASSWORD)
    tablet.get_by_test_id("sign-in-code").fill(pyotp.TOTP(secret).at(time.time() + 30))
    tablet.get_by_test_id("sign-in-code-submit").click()
    tablet.wait_for_url("**/dashboard")

    page.get_by_test_id("second-factor-off").click()
    page.get_by_test_id("second-factor-off-cancel").click()
    expect(page.get_by_test_id("second-factor-off")).to_be_enabled()
    page.get_by_test_id("second-factor-off").click()
    page.get_by_test_id("second-factor-off-confirm").click()
    expect(page.get_by_test_id("second-factor-on")).to_be_visible()
    for other in (phone, tablet):
        other.wait_for_url("**/sign-in**")
    sign_in(phone, dora, PASSWORD)
    phone.wait_for_url("**/dashboard")


def test_another_sign_in_is_ended_from_the_list_and_its_page_closes(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Sessions")
    here, there = person(shop), person(shop)
    settings(here, "security")
    expect(here.locator("[data-testid^=session-revoke-]")).to_have_count(1)

    here.locator("[data-testid^=session-revoke-]").click()

    there.wait_for_url("**/sign-in**", timeout=2_000)
    expect(here.locator("[data-testid^=session-revoke-]")).to_have_count(0)


def test_an_api_key_is_shown_once_and_revoked(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Keys")
    page = person(shop)
    settings(page, "developers")
    for scope in ("conversation", "number", "template"):
        page.get_by_test_id(f"key-scopes-{scope}:read").click()
    page.get_by_test_id("key-submit").click()
    expect(page.get_by_text("Give the key a name")).to_be_visible()
    expect(page.get_by_test_id("key-scopes-error")).to_contain_text("at least one thing")
    page.get_by_test_id("key-scopes-number:read").click()
    page.get_by_test_id("key-name").fill("Web shop")
    stack.let_proof_grow_old(shop)
    page.get_by_test_id("key-submit").click()
    prove(page, shop)
    secret = page.get_by_test_id("new-api-key").inner_text()
    page.get_by_test_id("new-api-key-kept").click()

    assert secret.startswith("wk_")
    made = stack.query(
        "SELECT scopes, round(extract(epoch FROM expires_at - created_at) / 86400)"  # noqa: S608  # our own id
        f" FROM api_keys WHERE workspace_id = '{shop.workspace_id}'"
    )
    assert made == [(["number:read"], 365)]
    row = page.locator("[data-testid^=key-]").filter(has_text="Web shop").first
    expect(row).to_be_visible()
    assert secret not in page.content()
    revoke = row.locator("[data-testid^=key-revoke-]")
    revoke.click()
    page.get_by_test_id("key-revoke-cancel").click()
    expect(revoke).to_be_focused()
    revoke.click()
    page.get_by_test_id("key-revoke-confirm").click()
    expect(page.get_by_text("There is no key yet")).to_be_visible()
    told = stack.query(
        "SELECT action, ip LIKE '127.%' FROM audit_entries WHERE action ~ '^api_key'"
    )
    assert sorted(told) == [("api_key.created", True), ("api_key.revoked", True)]


def test_making_somebody_an_owner_asks_for_the_password(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Owners")
    ben = stack.colleague(shop, "Ben").email
    page = person(shop)
    settings(page, "team")
    row = page.locator("[data-testid^=member-]").filter(has_text=ben).first
    stack.let_proof_grow_old(shop)
    row.locator("[data-testid^=member-role-]").click()
    page.get_by_role("option", name="Owner").click()
    page.get_by_test_id("proof-password").press("Escape")
    expect(row).to_contain_text("Agent")  # nothing was done, and the choice says so

    row.locator("[data-testid^=member-role-]").click()
    page.get_by_role("option", name="Owner").click()
    prove(page, shop)
    expect(row.locator("[data-testid^=member-transfer-]")).to_have_count(0)

    page.get_by_test_id("invite-email").fill(new_email("owner"))
    page.get_by_test_id("invite-role").click()
    page.get_by_role("option", name="Owner").click()
    stack.let_proof_grow_old(shop)
    page.get_by_test_id("invite-submit").click()
    prove(page, shop)
    expect(page.get_by_text("Not answered yet")).to_be_visible()


def test_a_workspace_is_made_switched_to_and_renamed(person: Person, stack: Stack) -> None:
    own = stack.workspace("First")
    page = person(own)
    page.goto("/workspaces/new")
    page.get_by_test_id("new-workspace-name").fill("Second")
    page.get_by_test_id("new-workspace-submit").click()
    page.wait_for_url("**/dashboard")
    expect(page.get_by_test_id("workspace-menu")).to_contain_text("Second")

    settings(page, "workspace")
    page.get_by_test_id("workspace-name").fill("Renamed")
    page.get_by_test_id("workspace-submit").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("workspace-menu")).to_contain_text("Renamed")

    page.get_by_test_id("workspace-menu").click()
    page.get_by_test_id(f"workspace-{own.workspace_id}").click()
    page.wait_for_url("**/dashboard")
    expect(page.get_by_test_id("workspace-menu")).to_contain_text("First")
    settings(page, "audit")
    expect(page.get_by_text("Signed in").first).to_be_visible()


def test_the_diary_is_filtered_by_kind_person_and_day(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Diary")
    page = person(shop)
    settings(page, "team")
    page.get_by_test_id("invite-email").fill(new_email("guest"))
    page.get_by_test_id("invite-submit").click()
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()
    settings(page, "audit")
    entries = page.locator("tbody tr")
    expect(entries.first).to_contain_text("Invited somebody")
    expect(entries.first).to_contain_text("Agent")
    everything = entries.count()

    page.get_by_test_id("audit-filter").click()
    page.get_by_role("option", name="Invitations").click()
    expect(entries).to_have_count(1)
    page.get_by_test_id("audit-since").fill("2026-01-01")
    expect(entries).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_test_id("audit-csv").click()
    text = download.value.path().read_text("utf-8-sig")
    table = list(csv.reader(text.splitlines()))
    assert [line[1] for line in table] == ["action", "invitation.created"]

    page.get_by_test_id("audit-until").fill("2026-01-02")
    expect(page.get_by_text("Nothing of this kind was written down.")).to_be_visible()
    page.get_by_test_id("audit-since").fill("")
    page.get_by_test_id("audit-until").fill("")
    page.get_by_test_id("audit-filter").click()
    page.get_by_role("option", name="Everything").click()
    expect(entries).to_have_count(everything + 1)  # the download, too
    page.get_by_test_id("audit-person").click()
    page.get_by_role("option").filter(has_not_text="Everybody").first.click()
    expect(entries.first).to_be_visible()


@pytest.mark.phone
def test_one_toast_at_a_time_at_the_top_of_a_phone(person: Person, stack: Stack) -> None:
    page = person(stack.workspace("Toast"))
    settings(page, "workspace")
    for name in ("One", "Two", "Three"):
        page.get_by_test_id("workspace-name").fill(name)
        page.get_by_test_id("workspace-submit").click()
        expect(page.get_by_test_id("workspace-submit")).to_be_enabled()

    toast = page.locator(".toast")
    expect(toast).to_have_count(1)
    place = toast.bounding_box()
    assert place is not None
    assert place["y"] < 40


@pytest.mark.phone
def test_settings_fit_a_phone(person: Person, stack: Stack) -> None:
    shop: Workspace = stack.workspace("Small")
    page = person(shop)

    for name in ("profile", "security", "team", "workspace", "developers", "audit"):
        settings(page, name)
        expect(page.get_by_test_id(f"settings-{name}")).to_be_in_viewport(ratio=0.9)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, name


def test_a_picture_of_three_megabytes_is_taken(person: Person, stack: Stack) -> None:
    page = person(stack.workspace("Portrait"))
    page.goto("/settings/profile")
    ready(page)
    noise = Image.frombytes("RGB", (1000, 1000), random.Random(7).randbytes(3_000_000))
    picture = io.BytesIO()
    noise.save(picture, "PNG")
    assert picture.tell() > 2 * 1024 * 1024

    page.get_by_test_id("picture-upload").locator("input[type=file]").set_input_files(
        {"name": "face.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )

    expect(page.get_by_test_id("profile-picture-remove")).to_be_visible()
    expect(page.locator("main img[src^='/media/pictures/']").first).to_be_visible()
