"""What a browser has recorded, made into a voice message as WhatsApp plays it: OGG with Opus.

Browsers record WebM or MP4. A file from outside is decoded in a bounded child, as pictures are.
"""

import subprocess
import sys
from pathlib import Path

CHILD = Path(__file__).with_name("voicing_child.py")
PATIENCE_S = 40.0  # the child counts the seconds that it works


def to_voice(source: Path) -> bytes | None:
    """Return a recording as OGG with Opus, at most its first 15 minutes; None if it is no sound.

    Takes up to 40 s.
    """
    try:
        child = subprocess.run(  # noqa: S603  # our own file, by our own interpreter
            [sys.executable, "-I", str(CHILD), str(source)],
            capture_output=True,
            timeout=PATIENCE_S,
            env={},  # none of our secrets
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return child.stdout or None
