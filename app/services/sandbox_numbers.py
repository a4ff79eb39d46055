"""A sandbox number at one click, got the way a number is got from Meta: by HTTP.

No network inside a transaction: check, provision, connect, subscribe.
"""

from app import db
from app.actor import Actor, Permission
from app.config import settings
from app.errors import Unavailable
from app.i18n import mark
from app.services import phone_numbers
from app.services.phone_numbers import ConnectedView, NewNumber
from app.services.whatsapp import provisioning


class SandboxAway(Unavailable):
    """The sandbox is switched off or does not answer."""

    code = "sandbox_away"
    sentence = mark("The sandbox does not answer at the moment. Please try again.")


def connect(actor: Actor, display_name: str) -> ConnectedView:
    """Make a sandbox number and connect it; its webhooks come here from then on.

    Opens its own transactions: it calls the sandbox in between.

    Raises:
        PermissionDenied, SubscriptionRequired, PhoneNumberLimitReached: nothing was made.
        ProviderError: the sandbox did not answer.
    """
    actor.require(Permission.NUMBER_CONNECT)
    with db.transaction(actor.workspace_id) as session:
        phone_numbers.require_free_number(session, actor)
    if not settings().has_sandbox:
        raise SandboxAway
    number = provisioning.create_sandbox_number(
        settings().public_url,
        settings().derive("sandbox-provisioning"),
        workspace=str(actor.workspace_id),
        display_name=display_name,
    )
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
        )
        credentials = phone_numbers.get_credentials(session, actor, connected.account_id)
    provisioning.subscribe(
        credentials,
        number.waba_id,
        callback_url=settings().public_url + connected.webhook_path,
        verify_token=number.verify_token,
    )
    return connected
