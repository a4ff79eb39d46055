"""A Graph that answers late, 429, 503, or accepts without an answer; statuses follow."""

import hashlib
import json
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LATE_S = 2.0
MAX_REFUSALS = 2
PLANS = {
    "read": ("sent", "delivered", "read"),
    "delivered": ("sent", "delivered"),
    "failed": ("sent", "failed"),
}


class Graph(ThreadingHTTPServer):
    """Keeps what it accepted, by our message id, in the order in which it came.

    What it does with a message depends on the seed and the message alone, not on timing.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, seed: int, accepted: Callable[[str, str, str], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.taken: dict[str, list[str]] = defaultdict(list)
        self.order: list[str] = []
        self.plans: dict[str, str] = {}
        self.answers: dict[str, int] = defaultdict(int)
        self._seed = seed
        self._accepted = accepted
        self._refusals: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that was killed while it was answered."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def luck(self, *words: object) -> random.Random:
        """Return dice that fall alike for the same words in every run."""
        digest = hashlib.sha256(":".join(map(str, (self._seed, *words))).encode()).digest()
        return random.Random(digest)

    def behaviour(self, text: str) -> str:
        """Choose what becomes of this request."""
        with self._lock:
            number = self._refusals[text]
            kinds = ("answer", "late", "silent", "429", "503")
            chosen = self.luck(text, number).choices(kinds, (60, 10, 8, 11, 11))[0]
            if chosen in {"429", "503"}:
                if number >= MAX_REFUSALS:
                    chosen = "answer"
                self._refusals[text] += 1
            self.answers[chosen] += 1
        return chosen

    def take(self, phone_number_id: str, opaque: str, text: str, *, is_prompt: bool) -> str:
        """Accept a message and let its statuses follow.

        Only what is answered promptly has a place in the order: where the sender dies while we
        dawdle, the next message may overtake, and nobody could prevent it.
        """
        with self._lock:
            self.plans[opaque] = self.luck("plan", text).choices(list(PLANS), (85, 10, 5))[0]
            wamid = f"wamid.OUT.{opaque}.{len(self.taken[opaque])}"
            self.taken[opaque].append(wamid)
            if is_prompt:
                self.order.append(opaque)
        self._accepted(phone_number_id, opaque, wamid)
        return wamid


class _Handler(BaseHTTPRequestHandler):
    server: Graph
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        phone_number_id = self.path.split("/")[2]
        opaque, text = body["biz_opaque_callback_data"], body["text"]["body"]
        match self.server.behaviour(text):
            case "429":
                self._answer(429, {"error": {"code": 130429, "message": "Rate limit hit"}})
            case "503":
                self._answer(503, {})
            case "silent":
                self.server.take(phone_number_id, opaque, text, is_prompt=False)
                self.close_connection = True
            case chosen:
                if chosen == "late":
                    time.sleep(self.server.luck("late", text).uniform(0.2, LATE_S))
                is_prompt = chosen == "answer"
                wamid = self.server.take(phone_number_id, opaque, text, is_prompt=is_prompt)
                self._answer(200, {"messages": [{"id": wamid}]})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:  # whoever asked was killed
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""
