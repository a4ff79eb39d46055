"""A sandbox number, got the way a number is got from Meta: provision, connect, subscribe.

The one flow for the page, the command line and the demo; they differ in how they reach the sandbox.
No network inside a transaction.
"""

from typing import Protocol
from uuid import UUID

from app import db
from app.actor import Actor, Permission
from app.config import settings
from app.errors import Unavailable
from app.i18n import mark
from app.services import phone_numbers
from app.services.phone_numbers import ConnectedView, NewNumber
from app.services.whatsapp import management, provisioning
from app.services.whatsapp.client import Credentials
from app.services.whatsapp.provisioning import ProvisionedNumber
from app.services.whatsapp_accounts import NewAccount


class SandboxAway(Unavailable):
    """The sandbox is switched off or does not answer."""

    code = "sandbox_away"
    sentence = mark("The sandbox does not answer at the moment. Please try again.")


class Sandbox(Protocol):
    """How the sandbox is reached: by HTTP where it is served, else through its own file."""

    def create_number(self, workspace_id: UUID, display_name: str) -> ProvisionedNumber:
        """Make a number for a workspace."""

    def subscribe(self, number: ProvisionedNumber, webhook_path: str) -> None:
        """Send the number's webhooks to this path of ours."""


class ServedSandbox:
    """The sandbox that this process or its neighbour serves, called as Meta is called.

    Raises:
        ProviderError: it did not answer.
    """

    def create_number(self, workspace_id: UUID, display_name: str) -> ProvisionedNumber:
        """Make a number for a workspace."""
        return provisioning.create_sandbox_number(
            settings().public_url,
            settings().derive("sandbox-provisioning"),
            workspace=str(workspace_id),
            display_name=display_name,
        )

    def subscribe(self, number: ProvisionedNumber, webhook_path: str) -> None:
        """Send the number's webhooks to this path of ours; the sandbox verifies it first."""
        management.subscribe(
            Credentials(
                graph_url=settings().sandbox_graph_url,
                version=settings().whatsapp_graph_version,
                access_token=number.access_token,
            ),
            number.waba_id,
            callback_url=settings().public_url + webhook_path,
            verify_token=number.verify_token,
        )


def connect(
    actor: Actor, display_name: str, sandbox: Sandbox | None = None, *, enforce_plan: bool = True
) -> ConnectedView:
    """Make a sandbox number and connect it; its webhooks come here from then on.

    Opens its own transactions: it calls the sandbox in between.

    Raises:
        PermissionDenied, SubscriptionRequired, PhoneNumberLimitReached: nothing was made.
        SandboxAway: it is switched off.
        ProviderError: the sandbox did not answer.
    """
    actor.require(Permission.NUMBER_CONNECT)
    if enforce_plan:
        with db.transaction(actor.workspace_id) as session:
            phone_numbers.require_free_number(session, actor)
    if not settings().has_sandbox:
        raise SandboxAway
    sandbox = sandbox or ServedSandbox()
    number = sandbox.create_number(actor.workspace_id, display_name)
    with db.transaction(actor.workspace_id) as session:
        connected = phone_numbers.connect(
            session,
            actor,
            NewNumber(
                phone_number=number.phone,
                meta_phone_number_id=number.meta_phone_number_id,
                account=NewAccount(
                    waba_id=number.waba_id,
                    access_token=number.access_token,
                    app_secret=number.app_secret,
                    verify_token=number.verify_token,
                    is_sandbox=True,
                ),
                display_name=display_name,
            ),
            enforce_plan=enforce_plan,
        )
    sandbox.subscribe(number, connected.webhook_path)
    return connected
