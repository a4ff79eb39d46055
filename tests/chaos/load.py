"""What customers, Meta and the team do meanwhile: webhooks until they are acknowledged, replies."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import httpx

from app import db
from app.actor import Actor, Permission
from app.ids import new_id
from app.services import api_keys
from tests import factories
from tests.chaos.graph import PLANS, Graph
from tests.factories import Number, Team
from tests.table_rows import value
from tests.webhook_factories import sign, status, text_message, webhook_body

SENDERS = 32
CUSTOMERS = 40
DOUBLED = 0.1
# How many messages a body holds; Meta puts several into one when it is behind.
SIZES, WEIGHTS = (1, 2, 7), (88, 8, 4)
LATE_S = 2.0
# Answers after which the same request is made again: still under way, too many, away.
AGAIN = frozenset({409, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message of a customer that must be in the right workspace once."""

    workspace_id: UUID
    wamid: str
    sender: str
    text: str


class Meta:
    """Posts bodies again and again until each is acknowledged, as Meta does for days."""

    def __init__(self, base_url: str) -> None:
        self.acknowledged = 0
        self.repeated = 0
        self.slowest_s = 0.0
        self._pool = ThreadPoolExecutor(SENDERS)
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=10.0)
        self._lock = threading.Lock()
        self._outstanding = 0

    @property
    def is_done(self) -> bool:
        """Whether everything was acknowledged."""
        return self._outstanding == 0

    def post(self, number: Number, body: bytes, *, after_s: float = 0.0) -> None:
        with self._lock:
            self._outstanding += 1
        if after_s:
            timer = threading.Timer(after_s, self._pool.submit, (self._post, number, body))
            timer.daemon = True
            timer.start()
        else:
            self._pool.submit(self._post, number, body)

    def _post(self, number: Number, body: bytes) -> None:
        headers = {"X-Hub-Signature-256": sign(body, number.app_secret)}
        pause = 0.05
        while True:
            began = time.monotonic()
            try:
                answer = self._http.post(number.webhook_path, content=body, headers=headers)
                is_taken = answer.status_code == httpx.codes.OK
            except httpx.HTTPError:
                is_taken = False
            with self._lock:
                if is_taken:
                    self._outstanding -= 1
                    self.acknowledged += 1
                    self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                    return
                self.repeated += 1
            time.sleep(pause)
            pause = min(pause * 2, 1.0)


class Customers:
    """Customers of several workspaces, each with a conversation that is open."""

    def __init__(self, teams: list[Team], meta: Meta, seed: int) -> None:
        self.wanted: list[Wanted] = []
        self._teams = teams
        self._meta = meta
        self._dice = random.Random(seed)

    def write(self, count: int, seconds: float) -> None:
        """Write so many messages over this time, shuffled, every tenth body sent twice."""
        bodies: list[tuple[Number, bytes]] = []
        last = len(self.wanted) + count
        while len(self.wanted) < last:
            size = min(self._dice.choices(SIZES, WEIGHTS)[0], last - len(self.wanted))
            body = self._body(self._dice.choice(self._teams), size)
            bodies += [body] * (2 if self._dice.random() < DOUBLED else 1)
        self._dice.shuffle(bodies)
        began = time.monotonic()
        for index, (number, body) in enumerate(bodies):
            time.sleep(max(0.0, began + seconds * index / len(bodies) - time.monotonic()))
            self._meta.post(number, body)

    def _body(self, team: Team, size: int) -> tuple[Number, bytes]:
        first = len(self.wanted)
        for index in range(first, first + size):
            sender = f"4478000{self._dice.randrange(CUSTOMERS):05d}"
            self.wanted.append(Wanted(team.id, f"wamid.IN.{index}", sender, f"Message {index}"))
        messages = [
            text_message(one.text, sender=one.sender, wamid=one.wamid)
            for one in self.wanted[first:]
        ]
        return team.number, webhook_body(team.number, messages)


class Staff:
    """Programs that answer over the REST API: each reply until it is taken, under a key of its own.

    The web process dies over some of them, before and after it has kept the message.
    """

    def __init__(self, base_url: str, teams: list[Team], seed: int) -> None:
        self.replies: list[UUID] = []
        self.is_over = threading.Event()
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=10.0)
        self._teams = teams
        self._dice = random.Random(seed)
        self._keys = {team.id: _key_of(team) for team in teams}
        self._contacts = {team.id: [_customer_of(team) for _ in range(CUSTOMERS)] for team in teams}

    def write(self, count: int, seconds: float) -> None:
        began = time.monotonic()
        for index in range(count):
            time.sleep(max(0.0, began + seconds * index / count - time.monotonic()))
            team = self._teams[index % len(self._teams)]
            self._reply(team, self._dice.choice(self._contacts[team.id]), f"Reply {index}")

    def _reply(self, team: Team, contact: UUID, text: str) -> None:
        headers = {
            "Authorization": f"Bearer {self._keys[team.id]}",
            "Idempotency-Key": str(new_id()),
        }
        body = {
            "phoneNumberId": str(team.number.id),
            "contactId": str(contact),
            "type": "text",
            "content": {"text": text},
        }
        while not self.is_over.is_set():
            with suppress(httpx.HTTPError):  # it died over the request, or is not back yet
                answer = self._http.post("/api/messages", json=body, headers=headers)
                if answer.status_code == httpx.codes.CREATED:
                    self.replies.append(UUID(answer.json()["message"]["id"]))
                    return
                if answer.status_code not in AGAIN:
                    raise AssertionError(answer.text)
            time.sleep(0.2)


def _key_of(team: Team) -> str:
    with db.transaction(team.id) as session:
        actor = Actor.system(team.id)
        made = api_keys.create(session, actor, name="Staff", scopes=[Permission.MESSAGE_SEND])
    return made.secret


def _customer_of(team: Team) -> UUID:
    thread = factories.make_conversation(team.number)
    return UUID(str(value("SELECT contact_id FROM conversations WHERE id = %s", thread)))


def statuses_of(graph: Graph, number: Number, opaque: str, wamid: str, meta: Meta) -> None:
    """Let Meta tell what became of a message: shuffled, some twice, none lost."""
    dice = graph.luck("statuses", opaque)
    words = [*PLANS[graph.plans[opaque]]]
    words += [word for word in words if dice.random() < DOUBLED]
    dice.shuffle(words)
    for word in words:
        code = 131026 if word == "failed" else None
        body = webhook_body(number, statuses=[status(wamid, word, callback=opaque, code=code)])
        meta.post(number, body, after_s=dice.uniform(0, LATE_S))
