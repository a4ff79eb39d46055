"""Getting a number of the sandbox, which makes them by itself."""

import httpx
from pydantic import AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from app import paths
from app.errors import ProviderError

TIMEOUT_S = 10.0


class ProvisionedNumber(BaseModel):
    """A new sandbox number with everything that it takes to use it."""

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=to_camel))

    phone: str
    meta_phone_number_id: str
    waba_id: str
    access_token: str
    app_secret: str
    verify_token: str


def create_sandbox_number(
    base_url: str, bearer: str, *, workspace: str, display_name: str
) -> ProvisionedNumber:
    """Ask the sandbox for a number.

    Raises:
        ProviderError: it did not answer, or not with a number.
    """
    try:
        response = httpx.post(
            base_url + paths.SANDBOX_ACCOUNTS,
            json={"workspace": workspace, "displayName": display_name},
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )
        response.raise_for_status()
        return ProvisionedNumber.model_validate(response.json())
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError from error
