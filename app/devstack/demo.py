"""A demo workspace on first start in development: somebody to sign in as, a sandbox number."""

import secrets
import sys
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from app import db
from app.actor import Actor
from app.config import Settings
from app.sandbox import FILE_NAME, Store
from app.services import phone_numbers, users
from app.services.phone_numbers import NewNumber
from app.services.users import EmailTaken

EMAIL = "demo@example.com"
NAME = "Demo Owner"
WORKSPACE = "Demo Shop"


@dataclass(frozen=True, slots=True)
class SandboxConnection:
    """A sandbox number that is connected to a workspace."""

    phone_number_id: str
    account_id: str
    webhook_path: str


def create_once(config: Settings) -> None:
    """Make the demo workspace if this installation is new; its password stays in DATA_DIR."""
    path = config.data_dir / "demo_password"
    if config.is_production or not config.has_sandbox or path.exists():
        return
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    try:
        with db.transaction() as session:
            if _has_users(session):
                return
            created = users.create_by_operator(
                session, name=NAME, email=EMAIL, password=password, workspace_name=WORKSPACE
            )
    except EmailTaken:  # another process made it at this moment
        return
    connect_sandbox(config, Actor.system(created.workspace_id), WORKSPACE)
    path.touch(mode=0o600)
    path.write_text(password + "\n")


def connect_sandbox(config: Settings, actor: Actor, display_name: str) -> SandboxConnection:
    """Make a sandbox number through the sandbox's store and connect it; no server is needed."""
    store = Store(config.data_dir / FILE_NAME)
    number = store.create_number(workspace=str(actor.workspace_id), display_name=display_name)
    with db.transaction(actor.workspace_id) as session:
        connected = phone_numbers.connect(
            session,
            actor,
            NewNumber(
                phone_number=number.phone,
                meta_phone_number_id=number.meta_phone_number_id,
                waba_id=number.waba_id,
                access_token=number.access_token,
                app_secret=number.app_secret,
                verify_token=number.verify_token,
                display_name=display_name,
                is_sandbox=True,
            ),
            enforce_plan=False,
        )
    store.set_callback(number.waba_id, connected.webhook_path)
    store.close()
    return SandboxConnection(
        phone_number_id=str(connected.phone_number_id),
        account_id=str(connected.account_id),
        webhook_path=connected.webhook_path,
    )


def announce(config: Settings) -> None:
    """Print where the product is and, in development, how to sign in."""
    lines = [f"{config.app_name} is at {config.public_url}"]
    path = config.data_dir / "demo_password"
    if not config.is_production and path.exists():
        lines.append(f"Sign in as {EMAIL} with the password {path.read_text().strip()}")
    lines.append("Stop with Ctrl-C.")
    sys.stdout.write("\n" + "\n".join(lines) + "\n\n")
    sys.stdout.flush()


def _has_users(session: Session) -> bool:
    return bool(session.connection().execute(text("SELECT EXISTS (SELECT FROM users)")).scalar())
