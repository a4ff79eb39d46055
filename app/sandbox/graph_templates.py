"""Graph's way with templates: list, create, edit, delete; the verdict comes by webhook."""

import asyncio
import base64
from typing import Any

from fastapi import APIRouter, Request

from app.sandbox import graph_uploads, review
from app.sandbox.errors import GraphError, unknown_object
from app.sandbox.graph import Waba, read_json
from app.sandbox.runtime import CurrentSandbox, Sandbox

SAMPLE_LINK = "https://scontent.whatsapp.net/v/sample"
FIELD = "message_template_status_update"
MOST = 100
NOBODY = 0  # such an update is about no customer

router = APIRouter(prefix="/graph/{version}")


@router.get("/{object_id}/message_templates")
async def list_templates(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox, limit: int = 25, after: str = ""
) -> dict[str, Any]:
    """Return the account's templates, a page at a time."""
    _require_own(object_id, waba_id, "GET")
    found = await asyncio.to_thread(sandbox.store.templates.list_all, waba_id)
    start, size = _place(after), max(1, min(limit, MOST))
    page = found[start : start + size]
    page = [{**one, "components": _as_told(one["components"])} for one in page]
    cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
    paging: dict[str, Any] = {"cursors": cursors}
    if start + size < len(found):
        paging["next"] = f"https://graph.facebook.com/{object_id}/message_templates"
    return {"data": page, "paging": paging}


@router.post("/{object_id}/message_templates")
async def create_template(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, Any]:
    """Take a template for review."""
    _require_own(object_id, waba_id, "POST")
    body = await _body(request)
    review.check(body)
    await asyncio.to_thread(_check_sample, sandbox, waba_id, body["components"])
    made = await asyncio.to_thread(
        sandbox.store.templates.create, waba_id, body, review_s=sandbox.timings.review_s
    )
    await asyncio.to_thread(_announce, sandbox, waba_id, made)
    sandbox.delivery.wake()
    return {"id": made["id"], "status": made["status"], "category": made["category"]}


@router.delete("/{object_id}/message_templates")
async def delete_template(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox, name: str = "", hsm_id: str = ""
) -> dict[str, bool]:
    """Delete a name, or one language of it."""
    _require_own(object_id, waba_id, "DELETE")
    delete = sandbox.store.templates.delete
    if not await asyncio.to_thread(delete, waba_id, name, hsm_id or None):
        raise GraphError(100, "Invalid parameter", details="There is no such template.")
    return {"success": True}


@router.post("/{object_id}")
async def edit_template(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, bool]:
    """Take other parts of a template for review."""
    body = await _body(request)
    review.check_components(body.get("components"))
    await asyncio.to_thread(_check_sample, sandbox, waba_id, body["components"])
    made = await asyncio.to_thread(
        sandbox.store.templates.edit,
        waba_id,
        object_id,
        body["components"],
        review_s=sandbox.timings.review_s,
    )
    await asyncio.to_thread(_announce, sandbox, waba_id, made)
    sandbox.delivery.wake()
    return {"success": True}


def _as_told(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return components as Meta lists them: a header's sample is a link to its own copy."""

    def told(component: dict[str, Any]) -> dict[str, Any]:
        if str(component.get("format", "")).upper() not in review.SAMPLES:
            return component
        return {**component, "example": {"header_handle": [SAMPLE_LINK]}}

    return [told(one) for one in components]


def _check_sample(sandbox: Sandbox, waba_id: str, components: list[dict[str, Any]]) -> None:
    """Refuse a header of a file whose sample was not brought, or is of another kind."""
    for component in components:
        kinds = review.SAMPLES.get(str(component.get("format", "")).upper())
        if kinds is None:
            continue
        example = component.get("example")
        handles = example.get("header_handle") if isinstance(example, dict) else None
        handle = str(handles[0]) if isinstance(handles, list) and handles else ""
        if graph_uploads.find(sandbox, waba_id, handle) not in kinds:
            raise GraphError(
                100, "Invalid parameter", details="Media header needs a sample.", subcode=2388273
            )


def _announce(sandbox: Sandbox, waba_id: str, made: dict[str, Any]) -> None:
    """Have the verdict told when the review is over."""
    number = sandbox.store.list_numbers(waba_id=waba_id)[0]
    if not number.is_subscribed:
        return
    reason = review.verdict(made["components"])
    is_good = reason == review.APPROVED
    value = {
        "event": "APPROVED" if is_good else "REJECTED",
        "message_template_id": int(made["id"]),
        "message_template_name": made["name"],
        "message_template_language": made["language"],
        "message_template_category": made["category"],
        "reason": "NONE" if is_good else reason,
    }
    sandbox.store.updates.put(
        number.meta_phone_number_id,
        NOBODY,
        value,
        due_at=sandbox.store.clock() + sandbox.timings.review_s,
        field=FIELD,
    )


async def _body(request: Request) -> dict[str, Any]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise GraphError(100, "(#100) Invalid parameter", details="The body is an object.")
    return body


def _require_own(object_id: str, waba_id: str, method: str) -> None:
    if object_id != waba_id:
        raise unknown_object(method, object_id)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _place(cursor: str) -> int:
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor.encode()).decode())) if cursor else 0
    except ValueError:
        raise GraphError(100, "(#100) Invalid parameter", details="Unknown cursor.") from None
