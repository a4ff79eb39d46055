"""What others have laid down, read where it lies: Meta's document and webhook bodies of every kind.

The folder is no part of the repository; tests that need it are skipped where it is missing.
"""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "contracts"
DOCUMENT = FOLDER / "meta-business-messaging-v23.0.yaml"
BODIES = FOLDER / "whatsapp_webhooks"
BODY_FILES = sorted(BODIES.glob("*.json"))

needs_bodies = pytest.mark.skipif(
    not BODY_FILES, reason=f"the collection of bodies is not at {BODIES}"
)
needs_document = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason=f"Meta's OpenAPI document is not at {DOCUMENT}"
)


def read_bodies() -> dict[str, Any]:
    """Return every body by the name of its file."""
    return {path.stem: json.loads(path.read_bytes()) for path in BODY_FILES}
