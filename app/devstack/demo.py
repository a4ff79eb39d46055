"""A demo workspace on first start in development: somebody to sign in as, a sandbox number."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from app import db
from app.actor import Actor
from app.config import Settings
from app.devstack.layout import open_lock, try_lock, write_private
from app.devstack.stored_sandbox import StoredSandbox
from app.services import passwords, sandbox_numbers, users

EMAIL = "demo@example.com"
NAME = "Demo Owner"
WORKSPACE = "Demo Shop"


def create_once(config: Settings) -> None:
    """Make the demo workspace unless this DATA_DIR has one; its password stays there.

    The password is noted before anything is made and the note gets its name at the end, so a start
    that was killed in between is completed by the next one. A person who took the demo's address
    for themselves keeps it.
    """
    done = config.data_dir / "demo_password"
    if config.is_production or not config.has_sandbox or done.exists():
        return
    with _alone(config.data_dir) as is_alone:
        if not is_alone or done.exists():  # another process is making it, or has made it
            return
        begun = done.with_suffix(".new")
        if not begun.exists():
            write_private(begun, "-".join(secrets.token_hex(2) for _ in range(4)) + "\n")
        workspace_id = _make_person(begun.read_text().strip())
        if workspace_id is not None:
            sandbox = StoredSandbox(config, resumes=True)
            actor = Actor.system(workspace_id)
            sandbox_numbers.connect(actor, WORKSPACE, sandbox, enforce_plan=False)
            begun.rename(done)


def announce(config: Settings) -> None:
    """Print where the product is and, in development, how to sign in."""
    lines = [f"{config.app_name} is at {config.public_url}"]
    path = config.data_dir / "demo_password"
    if not config.is_production and path.exists():
        lines.append(f"Sign in as {EMAIL} with the password {path.read_text().strip()}")
    lines.append("Stop with Ctrl-C.")
    sys.stdout.write("\n" + "\n".join(lines) + "\n\n")
    sys.stdout.flush()


@contextmanager
def _alone(data_dir: Path) -> Iterator[bool]:
    """Tell whether this is the one process that makes the demo; nobody waits for another."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = open_lock(data_dir / "demo.lock")
    try:
        yield try_lock(lock, shared=False)
    finally:
        os.close(lock)


def _make_person(password: str) -> UUID | None:
    """Return the workspace of the demo's person, who signs in with this password from here on.

    None where the address belongs to somebody else.
    """
    chosen = passwords.choose(password)
    with db.transaction() as session:
        person = users.find_by_email(session, EMAIL)
        if person is None:
            return users.create_by_operator(
                session, name=NAME, email=EMAIL, password=chosen, workspace=WORKSPACE
            ).workspace_id
        if person.name != NAME:
            return None
        return users.set_password_by_operator(session, person.id, password=chosen)
