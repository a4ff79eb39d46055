"""The demo sign-in is there after the next start, wherever the last one was killed."""

import stat
from pathlib import Path
from typing import Any

import pytest

from app import db
from app.config import Settings, configure
from app.devstack import demo
from app.sandbox import FILE_NAME, Store
from app.services import passwords, phone_numbers, sign_ins, users
from app.services.sign_ins import Client, WrongCredentials
from tests.table_rows import count, row

STEPS = {
    "before the person is made": (users, "create_by_operator"),
    "before the number is made": (Store, "create_number"),
    "before the number is connected": (phone_numbers, "connect"),
    "before its webhooks are directed": (Store, "set_callback"),
    "before the password gets its name": (Path, "rename"),
}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return configure(data_dir=tmp_path / "data")


def password_of(config: Settings) -> str:
    return (config.data_dir / "demo_password").read_text().strip()


def sign_in(config: Settings, password: str) -> str:
    outcome = sign_ins.sign_in(email=demo.EMAIL, password=password, client=Client())
    return outcome.token_or_raise()


def make_ana(email: str) -> None:
    password = passwords.choose("a long enough password")
    with db.transaction() as session:
        users.create_by_operator(
            session, name="Ana", email=email, password=password, workspace="Ana's"
        )


def assert_complete(config: Settings) -> None:
    assert sign_in(config, password_of(config))
    workspace_id, meta_id = row("SELECT workspace_id, meta_phone_number_id FROM phone_numbers")
    store = Store(config.data_dir / FILE_NAME)
    [number] = store.list_workspace_numbers(str(workspace_id))
    store.close()
    assert number.meta_phone_number_id == meta_id
    [account] = row("SELECT id FROM whatsapp_accounts")
    assert number.callback == f"/api/webhooks/whatsapp/{account}"


@pytest.mark.parametrize(("owner", "name"), STEPS.values(), ids=STEPS)
def test_start_that_was_killed_is_completed_by_the_next(
    config: Settings, owner: Any, name: str
) -> None:
    def kill(*_args: object, **_options: object) -> None:
        raise Killed

    if name == "rename":  # the password's first note is written by a rename, too
        write_first_note(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, kill)
        with pytest.raises(Killed):
            demo.create_once(config)
    assert not (config.data_dir / "demo_password").exists()

    demo.create_once(config)

    assert_complete(config)


def write_first_note(config: Settings) -> None:
    config.data_dir.mkdir()
    (config.data_dir / "demo_password.new").write_text("abcd-abcd-abcd-abcd\n")


def test_person_without_a_noted_password_gets_another(config: Settings) -> None:
    demo.create_once(config)
    first = password_of(config)
    (config.data_dir / "demo_password").unlink()

    demo.create_once(config)

    assert_complete(config)
    with pytest.raises(WrongCredentials):
        sign_in(config, first)


def test_somebody_elses_account_before_the_first_start_changes_nothing(config: Settings) -> None:
    make_ana("ana@example.com")

    demo.create_once(config)

    assert_complete(config)
    assert count("workspaces") == 2


def test_person_who_took_the_address_keeps_it(config: Settings) -> None:
    make_ana(demo.EMAIL)

    demo.create_once(config)

    assert sign_in(config, "a long enough password")
    assert not (config.data_dir / "demo_password").exists()


def test_second_start_changes_nothing_and_the_password_is_private(config: Settings) -> None:
    demo.create_once(config)
    path = config.data_dir / "demo_password"
    before = path.read_text()

    demo.create_once(config)

    assert path.read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert count("phone_numbers") == 1
