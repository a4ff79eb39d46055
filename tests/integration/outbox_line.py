"""A line of ours to the real sandbox: its Graph, a number, and a customer who wrote to it."""

import asyncio
import json
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from app import db
from app.ids import new_id
from app.sandbox import Timings
from app.sandbox.behaviours import Scope
from app.sandbox.store import SandboxNumber, Store
from app.services import sending
from app.services.inbound.drain import drain as drain_webhooks
from app.services.whatsapp import client, signatures
from tests import factories, webhook_factories
from tests.factories import Number, Team
from tests.table_rows import status_of
from tests.waiting import wait_until

GRAPH_TIMINGS = Timings(delivered_s=0, read_s=0, poll_s=0.05, retry_s=0.05, hold_s=2, review_s=0.2)


class Graph:
    """The sandbox behind a loopback port, and a hook that keeps the webhooks it sends."""

    def __init__(self, app: FastAPI, store: Store, port: int) -> None:
        self.app, self.store = app, store
        self.address = f"http://127.0.0.1:{port}"

    def fail(self, code: str | None, *, count: int | None = 1) -> None:
        self.store.behaviours.change(Scope(), {"fail_with": code, "count": count})

    def sent(self, number: SandboxNumber) -> list[dict[str, str]]:
        """What it accepted for a number, in the order in which it came."""
        found = self.store.database.rows(
            "SELECT wamid, content, opaque FROM messages"
            " WHERE meta_phone_number_id = ? AND is_from_customer = 0 ORDER BY id",
            number.meta_phone_number_id,
        )
        return [
            {"wamid": one["wamid"], "id": one["opaque"], "text": json.loads(one["content"])["body"]}
            for one in found
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """A number of ours that is a sandbox number, and a customer who has just written to it."""

    team: Team
    number: Number
    sandbox_number: SandboxNumber
    thread: UUID
    graph: Graph

    def write(self, text: str = "Hello", *, thread: UUID | None = None) -> UUID:
        with db.transaction(self.team.id) as session:
            return sending.send_text(
                session, self.team.agent, thread or self.thread, text=text, client_ref=new_id()
            ).id

    def new_thread(self) -> UUID:
        """A conversation with another customer, whose window is open on both sides."""
        wa_id = factories.new_phone().lstrip("+")
        store, workspace = self.graph.store, self.sandbox_number.workspace
        customer = store.customers.find_or_create(workspace, wa_id)
        store.messages.open_window(self.number.meta_id, customer.id)
        contact = factories.make_contact(self.team.id, phone=f"+{wa_id}")
        return factories.make_conversation(self.number, contact)

    def sent(self) -> list[dict[str, str]]:
        return self.graph.sent(self.sandbox_number)


def close_client() -> None:
    client._http().close()
    client.forget_connections()


def make_line(graph: Graph, team: Team) -> Line:
    made = graph.store.create_number(workspace=str(team.id), display_name="Shop")
    number = factories.connect_number(
        team.id,
        phone=made.phone,
        meta_id=made.meta_phone_number_id,
        waba_id=made.waba_id,
        access_token=made.access_token,
        app_secret=made.app_secret,
        graph_url=f"{graph.address}/graph",
    )
    line = Line(team, number, made, new_id(), graph)
    return Line(team, number, made, line.new_thread(), graph)


async def keep_webhook(request: Request) -> Response:
    body, secret = await request.body(), request.path_params["secret"]
    if not signatures.is_valid([secret], body, request.headers.get(signatures.HEADER)):
        return Response(status_code=401)
    account_id = UUID(request.path_params["account"])
    await asyncio.to_thread(webhook_factories.store_event, account_id, body)
    return Response(status_code=200)


def listen(line: Line) -> None:
    """Let the sandbox's webhooks come, those that waited included."""
    path = f"/hook/{line.number.account_id}/{line.number.app_secret}"
    line.graph.store.set_callback(line.number.waba_id, line.graph.address + path)


def drain_until(message_id: UUID, status: str) -> None:
    def is_there() -> bool:
        drain_webhooks()
        return status_of(message_id) == status

    wait_until(is_there)
