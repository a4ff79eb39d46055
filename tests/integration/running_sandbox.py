"""A running sandbox, and a receiver that stands for the product."""

import asyncio
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI

from app.config import Settings
from app.sandbox import Timings

QUICK = Timings(
    delivered_s=0.03,
    read_s=0.03,
    group_s=0.2,
    poll_s=0.05,
    retry_s=0.05,
    hold_s=0.5,
    page_hold_s=0.3,
)
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


class Receiver(ThreadingHTTPServer):
    """A product's webhook: keeps what it got, answers as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[tuple[bytes, str]] = []
        self.status = 200
        self.verify_token = "right"
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def values(self) -> list[dict[str, Any]]:
        changes = [
            change
            for raw, _ in list(self.posts)
            for entry in json.loads(raw)["entry"]
            for change in entry["changes"]
        ]
        return [change["value"] for change in changes]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values() for status in value.get("statuses", [])]

    def texts(self) -> list[str]:
        return [m["text"]["body"] for value in self.values() for m in value.get("messages", [])]


class Handler(BaseHTTPRequestHandler):
    """One request to the receiver."""

    server: Receiver

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.posts.append((raw, self.headers["X-Hub-Signature-256"]))
        self._answer(self.server.status, b"")

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if query["hub.verify_token"] == [self.server.verify_token]:
            self._answer(200, query["hub.challenge"][0].encode())
        else:
            self._answer(403, b"no")

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Sandbox:
    """A running sandbox with one number that posts to the receiver."""

    def __init__(self, app: FastAPI, settings: Settings, receiver: Receiver) -> None:
        self.app = app
        self.store = app.state.sandbox.store
        self.receiver = receiver
        self.provisioning = {
            "Authorization": f"Bearer {settings.derive('sandbox-provisioning')}",
        }
        self.number = self.store.create_number(workspace="acme", display_name="Shop")
        self.store.set_callback(self.number.waba_id, receiver.url)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        )

    async def graph(
        self, path: str, body: object = None, *, method: str = "POST", token: str | None = None
    ) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token or self.number.access_token}"}
        return await self.http.request(method, f"/graph/v25.0/{path}", json=body, headers=bearer)

    async def send(self, text: str = "Hello", **over: object) -> httpx.Response:
        body = {
            "messaging_product": "whatsapp",
            "to": "12025550143",
            "type": "text",
            "text": {"body": text},
            **over,
        }
        return await self.graph(f"{self.number.meta_phone_number_id}/messages", body)

    async def phone(self, path: str, body: object, *, who: str = "acme") -> httpx.Response:
        headers = {"X-Viewer": who, **SAME_SITE}
        return await self.http.post(f"/phone{path}", json=body, headers=headers)

    async def state(self, *, who: str = "acme", **query: object) -> httpx.Response:
        params = {name: str(value) for name, value in query.items()}
        return await self.http.get("/phone/state", params=params, headers={"X-Viewer": who})

    async def add_ana(self) -> int:
        added = await self.phone("/customers", {"name": "Ana", "phone": "+1 202 555 0143"})
        return int(added.json()["customer"]["id"])

    async def say(self, text: str, customer: int) -> httpx.Response:
        number = self.number.meta_phone_number_id
        body = {"number": number, "customer": customer, "text": text}
        return await self.phone("/messages", body)

    async def control(self, **wishes: object) -> dict[str, Any]:
        answer = await self.http.post("/control", json=wishes, headers=self.provisioning)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def viewer(request: Any) -> str | None:
    return request.headers.get("X-Viewer") or None


async def until(check: Callable[[], object], *, seconds: float = 3) -> None:
    for _ in range(int(seconds / 0.01)):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("It did not happen in time.")
