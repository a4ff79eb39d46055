"""What a newcomer sees of `make run`, and the command line beside a product that is in use."""

import json
import os
import pty
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.devstack.layout import Layout
from tests.e2e.stack import PYTHON, ROOT, START_S, STOP_S, Stack, make_stack
from tests.waiting import wait_until

PAUSE_S = 0.05  # between the webhooks of one writer: enough to be always there
DRAIN_BESIDE_S = 3.0
WELCOME = re.compile(
    r"\s*Parley is at (?P<url>http://\S+)\s+"
    r"Sign in as demo@example\.com with the password (?P<password>[0-9a-f-]{19})\s+"
    r"Stop with Ctrl-C\.\s*"
)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    stack = make_stack(tmp_path / "data")
    yield stack
    stack.end()


def read_all(terminal: int) -> str:
    """Return what was written to a terminal until nobody has it open any more."""
    parts = []
    try:
        while part := os.read(terminal, 4096):
            parts.append(part)
    except OSError:  # how Linux says that the other side was closed
        pass
    return b"".join(parts).decode()


@contextmanager
def typed(command: list[str], own: Stack) -> Iterator[tuple[int, list[str]]]:
    """Run a command in a terminal; gives the terminal, and what was written when all have left."""
    terminal, inside = pty.openpty()
    own.process = subprocess.Popen(
        ["/usr/bin/env", "setsid", "--ctty", *command],  # so that Ctrl-C finds it
        cwd=ROOT,
        env=own.environment,
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    written: list[str] = []
    reader = threading.Thread(target=lambda: written.append(read_all(terminal)))
    reader.start()
    try:
        yield terminal, written
    finally:
        reader.join()


def test_make_run_shows_the_welcome_and_nothing_else_until_ctrl_c(own: Stack) -> None:
    own.cli("create-user", "--email", "a@example.com", "--password", "a long enough one")
    with typed(["make", "--silent", "run"], own) as (terminal, written):
        wait_until(lambda: answers(own), patience_s=START_S)
        time.sleep(2)  # the worker starts beside it
        os.write(terminal, b"\x03")
        assert own.process is not None
        own.process.wait(STOP_S)

    not_ours = r"\^C|make: \*\*\* .*|Installing what requirements\.lock names\."
    shown = re.sub(not_ours, "", written[0])  # the terminal's own, and make's
    welcome = WELCOME.fullmatch(shown)
    assert welcome, written[0]
    assert welcome["url"] == own.base_url
    assert welcome["password"] == (own.data_dir / "demo_password").read_text().strip()
    assert not Layout(own.data_dir).ready_file.exists(), "the services are stopped"


def test_address_that_somebody_else_took_is_not_announced_and_all_is_stopped(own: Stack) -> None:
    with socket.socket() as faster:
        faster.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        faster.bind(("127.0.0.1", own.port))
        own.process = subprocess.Popen(
            [PYTHON, "main.py"],
            cwd=ROOT,
            env=own.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # It has its address, as we have, and is busy with its services: whoever listens first wins.
        wait_until((own.data_dir / "run").exists, patience_s=START_S)
        faster.listen()
        out, logged = own.process.communicate(timeout=START_S)

    assert (own.process.returncode, out) == (1, b"")
    sentence = f"Port {own.port} is in use; set PORT to another."
    assert logged.decode().splitlines()[-1] == sentence
    assert b"Traceback" not in logged
    assert not Layout(own.data_dir).ready_file.exists(), "the services are stopped"


def answers(stack: Stack) -> bool:
    try:
        return httpx.get(stack.base_url + "/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_commands_beside_traffic_disturb_nobody(own: Stack) -> None:
    own.start()
    shop = own.workspace("Busy")
    stop, statuses = threading.Event(), []

    def post(number: int) -> None:
        count = 0
        while not stop.wait(PAUSE_S):
            count += 1
            answer = own.post_webhook(shop, body_of(shop.meta_id, f"{number}.{count}"))
            statuses.append(answer.status_code)

    writers = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for writer in writers:
        writer.start()
    try:
        for words in (["stats"], ["doctor"], ["replay", "--failed"]):
            own.cli(*words)
        threading.Timer(DRAIN_BESIDE_S, stop.set).start()
        own.cli("drain")
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    assert set(statuses) == {200}
    counted = own.cli("drain")
    assert counted["messages"]["inbound"] == len(statuses) > 50
    assert counted["webhook_events"]["failed"] == counted["unprocessed"] == 0
    assert own.unexpected_log_lines() == []


def body_of(meta_id: str, name: str) -> bytes:
    message = {
        "from": f"4915100000{int(name.split('.', maxsplit=1)[0]):03}",
        "id": f"wamid.{name}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": name},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": meta_id, "display_phone_number": "1"},
        "messages": [message],
    }
    changes = [{"field": "messages", "value": value}]
    entry = [{"id": "1", "changes": changes}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
