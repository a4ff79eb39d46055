"""Provisioning and the switches that make the network and Meta behave badly.

`POST /accounts` is how the product gets a number. `POST /control` changes only the members it
names: for everybody with the provisioning bearer, for their workspace with a person's session,
for one number with `phoneNumberId`.
"""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from app.sandbox.access import FOREIGN, is_foreign, viewing_workspace
from app.sandbox.behaviours import Behaviour, Scope
from app.sandbox.errors import CODES
from app.sandbox.identifiers import wa_id_of
from app.sandbox.refusals import body_of
from app.sandbox.runtime import CurrentSandbox, Sandbox
from app.sandbox.store import PhoneTaken, SandboxNumber

SPECIAL_FAILURES = frozenset({"timeout", "lost", "503", "429"})
UNSIGNED = "A provisioning bearer is needed."

Probability = Annotated[float, Field(ge=0, le=1)]

router = APIRouter()


class CamelModel(BaseModel):
    """JSON in camelCase; unknown members are refused, so that a typing error is seen."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class NewAccount(CamelModel):
    """The body of `POST /accounts`."""

    workspace: str = Field(min_length=1, max_length=100)
    display_name: str = Field(min_length=1, max_length=100)
    phone: str | None = None

    @field_validator("phone")
    @classmethod
    def _check_phone(cls, phone: str | None) -> str | None:
        if phone is None:
            return None
        digits = wa_id_of(phone)
        if digits is None:
            raise ValueError("This is not a phone number with its country code.")
        return f"+{digits}"


class Changes(CamelModel):
    """The body of `POST /control`."""

    batch: int = Field(1, ge=1, le=1000)  # combine up to so many updates into one body
    delay_ms: int = Field(0, ge=0, le=7 * 86_400_000)  # before an update is due
    reorder: bool = False  # shuffle each due group
    duplicate: Probability | bool = False  # POST a body twice
    drop: Probability | bool = False  # never deliver an update
    limits: bool = False  # refuse what is faster than Meta lets (130429, 131056)
    token_expired: bool = False  # answer 190 to everything
    quality: Literal["GREEN", "YELLOW", "RED"] = "GREEN"  # how customers rate the number
    fail_with: int | str | None = None  # refuse the next sends with this error
    count: int | None = Field(None, ge=1)  # so many of them; all, without
    phone_number_id: str | None = None  # Meta's id: this number only

    @field_validator("fail_with")
    @classmethod
    def _check_failure(cls, value: int | str | None) -> str | None:
        if value is None:
            return None
        failure = str(value)
        if failure not in SPECIAL_FAILURES and not failure.isdigit():
            known = ", ".join(sorted(SPECIAL_FAILURES) + [str(code) for code in CODES])
            raise ValueError(f"This is no error code. Known: {known}.")
        return failure

    def values(self) -> dict[str, Any]:
        """Return what was named, ready to be stored; a new failure without count has no limit."""
        named = self.model_dump(
            exclude_unset=True, exclude={"phone_number_id", "token_expired", "quality"}
        )
        for name in ("duplicate", "drop"):
            if name in named:
                named[name] = float(named[name])
        if "fail_with" in named:
            named.setdefault("count", None)
        return named


async def provisioner(request: Request, sandbox: CurrentSandbox) -> None:
    """Let only the product pass."""
    if not sandbox.is_provisioner(request):
        raise HTTPException(401, UNSIGNED)


async def controller(request: Request, sandbox: CurrentSandbox) -> None:
    """Let the product pass, and signed-in people unless another site's page asks for them."""
    if sandbox.is_provisioner(request):
        return
    await viewing_workspace(request, sandbox)
    if is_foreign(request, sandbox):
        raise HTTPException(403, FOREIGN)


@router.post("/accounts", status_code=201)
async def create_account(
    new: Annotated[NewAccount, Depends(body_of(NewAccount, provisioner))], sandbox: CurrentSandbox
) -> dict[str, Any]:
    """Create an account with one number for a workspace of the product."""
    try:
        number = await asyncio.to_thread(
            sandbox.store.create_number,
            workspace=new.workspace,
            display_name=new.display_name,
            phone=new.phone,
        )
    except PhoneTaken:
        raise HTTPException(409, "Another sandbox number has this phone number.") from None
    return {to_camel(name): value for name, value in asdict(number).items()}


@router.get("/control")
async def show_control(
    request: Request,
    sandbox: CurrentSandbox,
    number: Annotated[str | None, Query(alias="phoneNumberId")] = None,
) -> dict[str, Any]:
    """Return the values in force for whoever asks, or for one number."""
    scope = await _scope(request, sandbox, number)
    return _behaviour_json(await asyncio.to_thread(sandbox.store.behaviours.find, scope), number)


@router.post("/control")
async def change_control(
    request: Request,
    changes: Annotated[Changes, Depends(body_of(Changes, controller))],
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    """Set what is named and return all values."""
    scope = await _scope(request, sandbox, changes.phone_number_id)
    behaviour = await asyncio.to_thread(sandbox.store.behaviours.change, scope, changes.values())
    for number in await asyncio.to_thread(_numbers_of, sandbox, scope):
        await asyncio.to_thread(_change_number, sandbox, number, changes)
    sandbox.delivery.wake()
    return _behaviour_json(behaviour, changes.phone_number_id)


def _numbers_of(sandbox: Sandbox, scope: Scope) -> list[SandboxNumber]:
    if scope.meta_phone_number_id:
        found = sandbox.store.find_number(scope.meta_phone_number_id)
        return [found] if found else []
    return sandbox.store.list_workspace_numbers(scope.workspace) if scope.workspace else []


def _change_number(sandbox: Sandbox, number: SandboxNumber, changes: Changes) -> None:
    """Set what stands with a number or its account: of a person's numbers, or the one named."""
    if "token_expired" in changes.model_fields_set:
        sandbox.store.set_token_expired(number.waba_id, is_expired=changes.token_expired)
    if "quality" in changes.model_fields_set:
        sandbox.lifecycle.rate(number, changes.quality)


async def _scope(request: Request, sandbox: Sandbox, number_id: str | None) -> Scope:
    """Return whom the caller speaks for; 404 for a number that is not theirs."""
    is_provisioner = sandbox.is_provisioner(request)
    workspace = None if is_provisioner else await viewing_workspace(request, sandbox)
    if number_id is None:
        return Scope(workspace=workspace)
    number = await asyncio.to_thread(sandbox.store.find_number, number_id)
    if number is None or workspace not in {None, number.workspace}:
        raise HTTPException(404, "There is no such number.")
    return Scope(workspace=number.workspace, meta_phone_number_id=number_id)


def _behaviour_json(behaviour: Behaviour, number_id: str | None) -> dict[str, Any]:
    values = {to_camel(name): value for name, value in asdict(behaviour).items()}
    return {**values, "phoneNumberId": number_id}
