"""The whole product as a subprocess, as `make run` starts it, and its command line."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import psycopg

from app import paths
from app.config import Settings
from app.devstack.layout import Layout
from tests.subprocesses import environment, free_port

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
START_S = 60.0
STOP_S = 40.0
POLL_S = 0.05
META_WAITS_S = 10.0


@dataclass
class Workspace:
    """A person with a workspace of their own and a number whose webhooks the test signs."""

    email: str
    password: str
    workspace_id: str
    webhook_path: str
    meta_id: str
    secret: str = "e2e-app-secret"


@dataclass
class Stack:
    """A running product with its own data directory."""

    data_dir: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_in_s: float = 0.0
    _count: int = field(default=0)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.data_dir / "e2e.log"

    def start(self) -> None:
        began = time.monotonic()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [PYTHON, "main.py"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.monotonic() - began < START_S:
            if self.process.poll() is not None:
                raise AssertionError(f"The product ended at once:\n{self.tail()}")
            try:
                if httpx.get(self.base_url + "/healthz", trust_env=False).status_code == 200:
                    self.started_in_s = time.monotonic() - began
                    return
            except httpx.HTTPError:
                time.sleep(POLL_S)
        raise AssertionError(f"The product did not start:\n{self.tail()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop it and return how long that took, in seconds."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(STOP_S)
        return time.monotonic() - began

    def move(self) -> None:
        """Choose another port for the next start."""
        self.port = free_port()
        self.environment["PORT"] = str(self.port)

    def end(self) -> None:
        """Stop it if a failed test has left it running."""
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def cli(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        done = subprocess.run(
            [PYTHON, "-m", "app", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == expect, done.stdout.decode() + done.stderr.decode()
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask this product's database, as the role that owns it."""
        ready = Layout(self.data_dir).read_ready()
        assert ready is not None
        with psycopg.connect(ready.database_owner_url) as connection:
            return connection.execute(statement.encode()).fetchall()

    @contextmanager
    def held(self, statement: str) -> Iterator[None]:
        """Hold the locks that a statement takes while the block runs."""
        ready = Layout(self.data_dir).read_ready()
        assert ready is not None
        with psycopg.connect(ready.database_owner_url) as connection:
            connection.execute(statement.encode())
            yield

    def workspace(self, name: str, *, owner: str = "") -> Workspace:
        """Make a person, a workspace and a number that belongs to nobody else."""
        self._count += 1
        tag = f"{os.getpid()}{self._count}"
        email = f"{name.lower().replace(' ', '.')[:40]}{tag}@example.com"
        password = "a long enough password"
        made = self.cli(
            "create-user", "--email", email, "--password", password,
            "--name", owner or f"{name} Owner", "--workspace", name,
        )  # fmt: skip
        meta_id = f"9{tag}"
        workspace = Workspace(email, password, made["workspace_id"], "", meta_id)
        connected = self.cli(
            "connect-number", "--workspace", workspace.workspace_id,
            "--phone", f"+1555{int(tag) % 10_000_000:07d}", "--phone-number-id", meta_id,
            "--waba-id", f"8{tag}", "--access-token", "EAAe2e", "--app-secret", workspace.secret,
            "--graph-url", f"{self.base_url}/nowhere",
        )  # fmt: skip
        workspace.webhook_path = connected["webhook_path"]
        return workspace

    def colleague(self, workspace: Workspace, name: str, *, role: str = "AGENT") -> Workspace:
        """Make another person who signs in to the same workspace."""
        self._count += 1
        email = f"{name.lower()}{os.getpid()}{self._count}@example.com"
        self.cli(
            "create-user", "--email", email, "--password", workspace.password,
            "--name", name, "--workspace", f"{name} alone",
        )  # fmt: skip
        moved = self.query(
            f"UPDATE memberships SET workspace_id = '{workspace.workspace_id}', role = '{role}'"  # noqa: S608  # our own ids
            f" WHERE user_id = (SELECT id FROM users WHERE email = '{email}') RETURNING user_id"
        )
        assert len(moved) == 1
        return replace(workspace, email=email)

    def account_at_meta(self, name: str) -> dict[str, str]:
        """Make a number at Meta, as the sandbox plays it, that nobody here has connected."""
        config = Settings(_env_file=None, data_dir=self.data_dir)
        answer = httpx.post(
            self.base_url + paths.SANDBOX_ACCOUNTS,
            json={"workspace": f"elsewhere {name}", "displayName": name},
            headers={"Authorization": f"Bearer {config.derive('sandbox-provisioning')}"},
            trust_env=False,
        )
        answer.raise_for_status()
        return dict(answer.json())

    def let_proof_grow_old(self, workspace: Workspace) -> None:
        """Let it be an hour since anybody of the workspace has shown a password."""
        self.query(
            "UPDATE sessions SET proven_at = now() - interval '1 hour'"  # noqa: S608  # our own id
            f" WHERE workspace_id = '{workspace.workspace_id}' RETURNING id"
        )

    def post_webhook(self, workspace: Workspace, body: bytes) -> httpx.Response:
        digest = hmac.new(workspace.secret.encode(), body, hashlib.sha256).hexdigest()
        return httpx.post(
            self.base_url + workspace.webhook_path,
            content=body,
            headers={"X-Hub-Signature-256": f"sha256={digest}"},
            trust_env=False,
            timeout=META_WAITS_S,
        )

    def receive(self, workspace: Workspace, texts: list[tuple[str, int]], *, name: str) -> None:
        """Let one customer write these texts; each with how many seconds ago it was."""
        messages = [
            {"type": "text", "text": {"body": text}, "timestamp": str(int(time.time()) - ago)}
            for text, ago in texts
        ]
        self.bring(workspace, messages, name=name)

    def bring(
        self, workspace: Workspace, messages: list[dict[str, Any]], *, name: str
    ) -> list[str]:
        """Let one customer send these messages, as Meta writes them; returns Meta's ids of them."""
        wa_id = str(4_915_100_000_000 + int(hashlib.sha256(name.encode()).hexdigest()[:6], 16))
        messages = [
            {
                "from": wa_id,
                "id": f"wamid.{wa_id}.{workspace.meta_id}.{index}.{time.time_ns()}",
                "timestamp": str(int(time.time())),
                **message,
            }
            for index, message in enumerate(messages)
        ]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": workspace.meta_id, "display_phone_number": "1"},
            "contacts": [{"profile": {"name": name}, "wa_id": wa_id}],
            "messages": messages,
        }
        body = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        }
        answer = self.post_webhook(workspace, json.dumps(body).encode())
        assert answer.status_code == 200, answer.text
        return [message["id"] for message in messages]

    def tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:] if self.log_path.exists() else ""

    def unexpected_log_lines(self) -> list[str]:
        """Return what the product logged as an error; a run must have none of it."""
        lines = self.log_path.read_text(errors="replace").splitlines()
        return [line for line in lines if '"level":"error"' in line or "Traceback" in line]


def make_stack(data_dir: Path, **settings: str) -> Stack:
    """Prepare a product with settings of its own; nothing of the environment leaks in."""
    port = free_port()
    own = {
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "WHATSAPP_GRAPH_URL": f"http://127.0.0.1:{port}{paths.SANDBOX_GRAPH}",
    }
    given = environment(**{**own, **settings})
    return Stack(data_dir=data_dir, port=port, environment=given)
