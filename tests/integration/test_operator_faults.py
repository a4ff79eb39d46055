"""What an operator can get wrong: JSON from a command, a sentence from a process, no traceback."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Done, begin, command, finish, run
from tests.subprocesses import free_port

AWAY = "postgresql://app:secretword@127.0.0.1:1/app"
FAULTS = [
    ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not an address"),
    ({"PORT": "many"}, "PORT must be a whole number."),
    ({"DATABASE_URL": AWAY, "DATABASE_OWNER_URL": AWAY}, "The database cannot be used"),
    ({"DATABASE_URL": AWAY, "DATABASE_OWNER_URL": ""}, "The database cannot be used"),
]
IDS = ["address", "number", "away", "away-without-owner"]


def assert_plain(done: Done) -> None:
    """Fail where a machine's words or a secret got out."""
    for text in (done.out, done.log):
        for word in ("Traceback", "pydantic", "sqlalche.me", "Error:", "secretword"):
            assert word not in text


@pytest.mark.parametrize(("over", "sentence"), FAULTS, ids=IDS)
def test_command_answers_in_json(over: dict[str, str], sentence: str) -> None:
    done = command("stats", **over)

    _code, message = done.error
    assert sentence in message
    assert_plain(done)


def test_codes_tell_settings_from_a_database_that_is_away() -> None:
    assert command("stats", PORT="many").error[0] == "invalid_settings"
    assert command("drain", DATABASE_URL=AWAY, DATABASE_OWNER_URL=AWAY).error[0] == (
        "database_unavailable"
    )


def test_doctor_says_that_the_database_is_away() -> None:
    answer = command("doctor", DATABASE_URL=AWAY, DATABASE_OWNER_URL=AWAY).answer

    assert not answer["ok"]
    assert "cannot be used" in " ".join(answer["problems"])


@pytest.mark.parametrize("program", ["main.py", "worker.py"])
@pytest.mark.parametrize(("over", "sentence"), FAULTS, ids=IDS)
def test_process_says_a_sentence_and_ends(
    program: str, over: dict[str, str], sentence: str
) -> None:
    done = run(program, **{"PORT": str(free_port()), **over})

    assert done.status == 1
    assert done.out == ""
    assert done.log.startswith(sentence)
    assert_plain(done)


def test_worker_without_redis_says_so() -> None:
    done = run("worker.py", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert done.status == 1
    assert "Redis cannot be used" in done.log
    assert_plain(done)


def test_unusable_data_directory_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    done = command("stats", DATA_DIR=str(blocked))

    assert done.error[0] == "data_dir_unusable"
    assert_plain(done)
    [problem] = command("doctor", DATA_DIR=str(blocked / "data")).answer["problems"]
    assert f"cannot be used: {blocked} is no directory." in problem


def test_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(
            "main.py",
            PORT=str(port),
            DATA_DIR=str(tmp_path / "data"),
            DATABASE_URL="",
            DATABASE_OWNER_URL="",
            REDIS_URL="",
        )

    assert (done.status, done.out) == (1, "")
    assert done.log == f"Port {port} is in use; set PORT to another.\n"
    assert not (tmp_path / "data").exists()


def test_address_of_another_machine_is_named() -> None:
    done = run("main.py", HOST="192.0.2.1", PORT=str(free_port()), INSECURE_HTTP="true")

    assert done.status == 1
    assert "192.0.2.1 is no address of this machine" in done.log


@pytest.mark.parametrize("pause_s", [0.3, 1.5, 3.5])
@pytest.mark.parametrize("program", ["main.py", "worker.py"])
def test_ctrl_c_at_any_moment_says_nothing(
    program: str, pause_s: float, silent_server: socket.socket
) -> None:
    away = (
        f"postgresql://a:b@127.0.0.1:{port_of(silent_server)}/app"  # so that it stays in its start
    )
    process = begin(program, PORT=str(free_port()), DATABASE_URL=away, DATABASE_OWNER_URL=away)
    time.sleep(pause_s)

    process.send_signal(signal.SIGINT)
    done = finish(process)

    assert done.status in {0, -signal.SIGINT}
    assert (done.out, done.log) == ("", "")


def test_ctrl_c_of_a_command_is_an_error_in_json(silent_server: socket.socket) -> None:
    away = f"postgresql://a:b@127.0.0.1:{port_of(silent_server)}/app"
    process = begin("-m", "app", "stats", DATABASE_URL=away, DATABASE_OWNER_URL=away)
    waiting, _ = silent_server.accept()

    process.send_signal(signal.SIGINT)
    done = finish(process)
    waiting.close()

    assert done.error[0] == "interrupted"
    assert_plain(done)


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])
