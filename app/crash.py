"""Named crash points: the process kills itself at a line that a test has named.

`CRASH_POINT=name`, `name/word` or `name/word*3`; refused in production. `word` must be among the
words at hand, for example the id of a message. Each crash leaves a file in DATA_DIR/crashes, so
that "three times" counts across processes, and a test sees what was hit.
"""

import os
import re
import signal
from collections.abc import Iterable

from app.config import Settings, settings

WANTED = re.compile(r"(?P<name>[a-z.]+)(?:/(?P<word>[^*]+))?(?:\*(?P<times>\d+))?")


def point(name: str, words: Iterable[str | None] = ()) -> None:
    """Die here by SIGKILL if CRASH_POINT names this place."""
    config = settings()
    if config.crash_point:
        _die_if_wanted(config, name, words)


def hits(config: Settings, name: str) -> int:
    """Return how often a point was hit in this DATA_DIR."""
    return len(list((config.data_dir / "crashes").glob(f"{name}.*")))


def _die_if_wanted(config: Settings, name: str, words: Iterable[str | None]) -> None:
    wanted = WANTED.fullmatch(config.crash_point)
    if wanted is None or wanted["name"] != name or (wanted["word"] and wanted["word"] not in words):
        return
    directory = config.data_dir / "crashes"
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(1, int(wanted["times"] or 1_000_000) + 1):
        try:
            (directory / f"{name}.{number}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
