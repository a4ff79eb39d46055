"""`python -m app` and the processes, as an operator starts them, on the database of the test."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import settings
from tests.subprocesses import environment

ROOT = Path(__file__).parents[1]
PATIENCE_S = 90


@dataclass(frozen=True, slots=True)
class Done:
    """What a command or process left behind."""

    status: int
    out: str
    log: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on standard output; anything else there is a fault."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def error(self) -> tuple[str, str]:
        """Return the code and the sentence of a failure, as the interface promises them."""
        assert self.status == 1, (self.status, self.out, self.log)
        assert set(self.answer) == {"error"}
        assert set(self.answer["error"]) == {"code", "message"}
        return self.answer["error"]["code"], self.answer["error"]["message"]


def _settings_of_this_test(**over: str) -> dict[str, str]:
    config = settings()
    given = {
        "DATA_DIR": str(config.data_dir),
        "DATABASE_URL": config.database_url,
        "DATABASE_OWNER_URL": config.database_owner_url,
        "REDIS_URL": config.redis_url,
    }
    return environment(**{**given, **over})


def begin(*words: str, **over: str) -> subprocess.Popen[str]:
    """Start Python on these words, such as `main.py`, or `-m app stats`."""
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=_settings_of_this_test(**over),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Done:
    with process:
        try:
            out, logged = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Done(process.returncode, out, logged)


def run(*words: str, **over: str) -> Done:
    return finish(begin(*words, **over))


def command(*arguments: str, **over: str) -> Done:
    """Run a command of the product's command line to its end."""
    return run("-m", "app", *arguments, **over)


def succeed(*arguments: str, **over: str) -> dict[str, Any]:
    """Run a command that must succeed, and return what it printed."""
    done = command(*arguments, **over)
    assert done.status == 0, (done.out, done.log)
    return done.answer
