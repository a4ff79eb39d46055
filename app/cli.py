"""The operator's command line: one JSON object on standard output, logs on standard error.

Embedded services that are not up are started for the command and stopped at its end, unless
another process uses them by then. Names of options and members are public: a release may add some,
and renames none.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn
from uuid import UUID

from app import db, log, queue
from app.actor import Actor
from app.config import check_data_dir, settings
from app.devstack import diagnose
from app.devstack.entry import services
from app.devstack.stored_sandbox import StoredSandbox
from app.errors import AppError, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.ids import parse_id
from app.models import Workspace
from app.problems import OperatorProblem
from app.services import (
    api_keys,
    key_rotation,
    passwords,
    phone_numbers,
    sandbox_numbers,
    schema,
    stats,
    users,
    webhook_events,
)
from app.services.inbound.drain import drain as drain_webhooks
from app.services.mails.drain import drain as drain_mail
from app.services.media.drain import drain as drain_media
from app.services.outbox.drain import drain as drain_outbox
from app.services.phone_numbers import ConnectedView, NewNumber
from app.services.whatsapp_accounts import NewAccount

DRAIN_TIMEOUT_S = 60.0
POLL_S = 0.1

Answer = dict[str, Any]


class CommandFailed(OperatorProblem):
    """A command that did not succeed, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    log.setup()
    try:
        options = _parser().parse_args(arguments)
        answer = _doctor() if options.command == "doctor" else _run(options)
    except ValidationFailed as error:  # the sentences stand beside their fields elsewhere
        named = (f"{field}: {sentence}" for field, sentence in error.fields.items())
        return _fail(error.code, " ".join(named))
    except (AppError, OperatorProblem) as error:
        return _fail(error.code, error.explanation)
    except KeyboardInterrupt:
        return _fail("interrupted", _("Stopped before it was done. It can be run again."))
    except Exception:  # noqa: BLE001  # the edge: whatever it is, the answer is JSON
        log.get(__name__).exception("command_failed")
        return _fail("internal", _("Something went wrong. The log on standard error says what."))
    _print(answer)
    return 0


def create_user(options: argparse.Namespace) -> Answer:
    """Make a person with a workspace on the largest plan."""
    name = options.name or options.email.split("@")[0]
    password = passwords.choose(options.password)
    with db.transaction() as session:
        created = users.create_by_operator(
            session,
            name=name,
            email=options.email,
            password=password,
            workspace=options.workspace or name,
            is_admin=options.admin,
        )
    return {"user_id": str(created.user_id), "workspace_id": str(created.workspace_id)}


def create_api_key(options: argparse.Namespace) -> Answer:
    """Make a key for a program; without scopes it may do all that a program may."""
    actor = _actor(options.workspace)
    scopes = [scope.strip() for scope in options.scopes.split(",") if scope.strip()]
    with db.transaction(actor.workspace_id) as session:
        made = api_keys.create(session, actor, name=options.name, scopes=scopes or None)
    return {"api_key": made.secret}


def connect_number(options: argparse.Namespace) -> Answer:
    """Connect a number with its own credentials; nothing is asked of Graph."""
    actor = _actor(options.workspace)
    number = NewNumber(
        phone_number=options.phone,
        meta_phone_number_id=options.phone_number_id,
        account=NewAccount(
            waba_id=options.waba_id,
            access_token=options.access_token,
            app_secret=options.app_secret,
            verify_token=options.verify_token,
            graph_url=options.graph_url,
        ),
    )
    with db.transaction(actor.workspace_id) as session:
        return _connected(phone_numbers.connect(session, actor, number, enforce_plan=False))


def connect_sandbox(options: argparse.Namespace) -> Answer:
    """Make a sandbox number and connect it."""
    if not settings().has_sandbox:
        raise CommandFailed("sandbox_off", _("The sandbox is switched off (SANDBOX)."))
    actor = _actor(options.workspace)
    sandbox = StoredSandbox(settings())
    return _connected(sandbox_numbers.connect(actor, "Sandbox", sandbox, enforce_plan=False))


def show_stats(options: argparse.Namespace) -> Answer:
    """Count what came, what waits and what went."""
    if options.workspace is None:
        return stats.collect()
    return stats.collect(_actor(options.workspace).workspace_id)


def drain(options: argparse.Namespace) -> Answer:
    """Drain every queue table once, ignoring retry pauses; wait for what workers hold."""
    deadline = time.monotonic() + options.timeout
    ignore_pauses = True
    while True:
        left = max(deadline - time.monotonic(), 0.0)
        drain_webhooks(deadline_s=left, ignore_pauses=ignore_pauses)
        drain_outbox(deadline_s=left, ignore_pauses=ignore_pauses)
        drain_media(deadline_s=left, ignore_pauses=ignore_pauses)
        drain_mail(deadline_s=left, ignore_pauses=ignore_pauses)
        ignore_pauses = False
        if not stats.unfinished():
            return stats.collect()
        if time.monotonic() >= deadline:
            raise CommandFailed(
                "drain_timeout", _("Not everything was drained in time. Run it again.")
            )
        time.sleep(POLL_S)  # a worker holds the rest


def replay(options: argparse.Namespace) -> Answer:
    """Make events pending again."""
    with db.transaction(role=db.DbRole.DRAIN) as session:
        if options.failed:
            return {"replayed": webhook_events.replay_failed(session)}
        return {"replayed": webhook_events.replay(session, _id(options.event))}


def rotate_keys(_options: argparse.Namespace) -> Answer:
    """Encrypt all secrets with the first of SECRET_KEYS, beside traffic."""
    return {"rotated": key_rotation.rotate()}


def migrate(_options: argparse.Namespace) -> Answer:
    """Bring the database to this version."""
    if not settings().database_owner_url:  # of the embedded one it is known by now
        raise CommandFailed(
            "owner_url_missing", _("Set DATABASE_OWNER_URL to the role that owns the tables.")
        )
    return {"migrated": schema.migrate()}


def _doctor() -> Answer:
    """Say what is wrong and how to mend it; changes nothing."""
    problems: list[str] = []
    try:
        check_data_dir(settings().data_dir)
        problems += diagnose(settings())
        if not problems:
            with services():
                problems += schema.diagnose()
                queue.require()
    except OperatorProblem as error:
        problems.append(error.explanation)
    return {"ok": not problems, "problems": problems}


def _run(options: argparse.Namespace) -> Answer:
    """Run a command on a database that is fit for it; only those that add to it may migrate."""
    command: Callable[[argparse.Namespace], Answer] = options.run
    with services():
        if command in ADDING:
            schema.prepare()
        elif command is not migrate:
            schema.check()
        return command(options)


# Commands that a new installation may begin with. The others run beside traffic: no locks.
ADDING = frozenset({create_user, connect_number, connect_sandbox})


def _connected(view: ConnectedView) -> Answer:
    return {
        "phone_number_id": str(view.phone_number_id),
        "account_id": str(view.account_id),
        "webhook_path": view.webhook_path,
    }


def _actor(workspace: str) -> Actor:
    workspace_id = _id(workspace)
    with db.transaction(workspace_id) as session:
        if session.get(Workspace, workspace_id) is None:
            raise NotFound
    return Actor.system(workspace_id)


def _id(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m app", description="Operate the product.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def add(name: str, run: Callable[[argparse.Namespace], Answer]) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=run.__doc__)
        command.set_defaults(run=run)
        return command

    user = add("create-user", create_user)
    user.add_argument("--email", required=True)
    user.add_argument("--password", required=True)
    user.add_argument("--name")
    user.add_argument("--workspace")
    user.add_argument("--admin", action="store_true")

    key = add("create-api-key", create_api_key)
    key.add_argument("--workspace", required=True)
    key.add_argument("--name", default="Command line")
    key.add_argument("--scopes", default="")

    number = add("connect-number", connect_number)
    for option in ("workspace", "phone", "phone-number-id", "waba-id", "access-token"):
        number.add_argument(f"--{option}", required=True)
    number.add_argument("--app-secret", required=True)
    number.add_argument("--verify-token")
    number.add_argument("--graph-url")

    add("rotate-keys", rotate_keys)
    add("connect-sandbox", connect_sandbox).add_argument("--workspace", required=True)
    add("stats", show_stats).add_argument("--workspace")
    add("drain", drain).add_argument("--timeout", type=_seconds, default=DRAIN_TIMEOUT_S)
    which = add("replay", replay).add_mutually_exclusive_group(required=True)
    which.add_argument("--event", help="one event, by its id")
    which.add_argument(
        "--failed",
        action="store_true",
        help="every event that could not be read, and every one with items that were put aside",
    )
    add("migrate", migrate)
    commands.add_parser("doctor", help=_doctor.__doc__)
    return parser


class _Parser(argparse.ArgumentParser):
    """Answers a wrong call in JSON, like everything else."""

    def error(self, message: str) -> NoReturn:
        raise CommandFailed("usage", f"{message}. See: {self.prog} --help")


def _seconds(text: str) -> float:
    """Read a duration; neither negative nor without an end."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def _fail(code: str, message: str) -> int:
    _print({"error": {"code": code, "message": message}})
    return 1


def _print(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
