"""WhatsApp accounts (Meta's WABA) as we keep them: whose, with which secrets, where to call."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, or_, select

from app import paths
from app.actor import Actor, Permission
from app.config import settings
from app.crypto import new_token
from app.errors import NotFound
from app.ids import new_id
from app.models import PhoneNumber, WhatsAppAccount
from app.services.secrets import Bound, open_secret, seal
from app.services.whatsapp.client import Credentials

ACCOUNTS = "whatsapp_accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account as pages show it."""

    id: UUID
    waba_id: str
    is_sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What it takes to use an account."""

    waba_id: str
    access_token: str
    app_secret: str | None = None
    verify_token: str | None = None
    graph_url: str | None = None
    is_sandbox: bool = False


def graph_url_of(stored: str | None, *, is_sandbox: bool) -> str:
    """Return where an account's Graph is; the sandbox's moves with PORT and BASE_URL."""
    if is_sandbox:
        return settings().sandbox_graph_url
    return (stored or settings().whatsapp_graph_url).rstrip("/")


def credentials_of(bound: Bound, graph_url: str, access_token: bytes) -> Credentials:
    """Return where and as whom to call Graph, from the row of an account."""
    return Credentials(
        graph_url=graph_url,
        version=settings().whatsapp_graph_version,
        access_token=open_secret(access_token, bound, "access_token") or "",
    )


def webhook_path(account_id: UUID) -> str:
    """Return the path at which an account's webhooks arrive."""
    return f"{paths.WHATSAPP_WEBHOOK}/{account_id}"


def credentials(row: WhatsAppAccount) -> Credentials:
    """Return where and as whom to call Graph for an account."""
    url = graph_url_of(row.graph_url, is_sandbox=row.is_sandbox)
    return credentials_of(bound_to(row), url, row.access_token)


def bound_to(row: WhatsAppAccount) -> Bound:
    """Return what the account's secrets are bound to."""
    return Bound(ACCOUNTS, row.workspace_id, row.id)


def keep(session: Session, actor: Actor, account: NewAccount) -> WhatsAppAccount:
    """Store an account, or the new secrets of one that the workspace has. System-only: connecting.

    Without an app secret or a verify token those of before stay.
    """
    row = session.exec(
        select(WhatsAppAccount).where(
            col(WhatsAppAccount.workspace_id) == actor.workspace_id,
            col(WhatsAppAccount.waba_id) == account.waba_id,
        )
    ).first()
    if row is None:
        row = WhatsAppAccount(
            id=new_id(),
            workspace_id=actor.workspace_id,
            waba_id=account.waba_id,
            access_token=b"",
        )
        session.add(row)
    bound = bound_to(row)
    row.access_token = seal(account.access_token, bound, "access_token")
    if account.app_secret:
        row.app_secret = seal(account.app_secret, bound, "app_secret")
    if account.verify_token or row.verify_token is None:
        token = account.verify_token or new_token()  # Meta shows it when it verifies our address
        row.verify_token = seal(token, bound, "verify_token")
    row.graph_url = account.graph_url
    row.is_sandbox = account.is_sandbox
    session.flush()
    return row


def list_all(session: Session, actor: Actor) -> list[AccountView]:
    """Return the accounts in use, newest first: without those whose numbers were all let go."""
    actor.require(Permission.NUMBER_READ)
    return list_used(session, actor)


def list_used(session: Session, actor: Actor) -> list[AccountView]:
    """Do the same for whoever may use an account. System-only: the caller has asked."""
    numbers = select(PhoneNumber.id).where(
        col(PhoneNumber.workspace_id) == col(WhatsAppAccount.workspace_id),
        col(PhoneNumber.account_id) == col(WhatsAppAccount.id),
    )
    is_connected = col(PhoneNumber.disconnected_at).is_(None)
    rows = session.exec(
        select(WhatsAppAccount)
        .where(
            col(WhatsAppAccount.workspace_id) == actor.workspace_id,
            or_(~numbers.exists(), numbers.where(is_connected).exists()),
        )
        .order_by(col(WhatsAppAccount.created_at).desc())
    ).all()
    return [AccountView(id=row.id, waba_id=row.waba_id, is_sandbox=row.is_sandbox) for row in rows]


def verify_token(row: WhatsAppAccount) -> str:
    """Return what Meta shows when it verifies our address."""
    return open_secret(row.verify_token, bound_to(row), "verify_token") or ""


def find(
    session: Session, actor: Actor, whatsapp_account_id: UUID, *, lock: bool = False
) -> WhatsAppAccount:
    """Return an account of one's own. System-only: whoever uses it has asked for the permission.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    query = select(WhatsAppAccount).where(
        col(WhatsAppAccount.workspace_id) == actor.workspace_id,
        col(WhatsAppAccount.id) == whatsapp_account_id,
    )
    row = session.exec(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound
    return row
