"""Whatever is brought gets the right verdict, costs the web process little, and runs nowhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import own_address
from tests.e2e.odd_files import FILES, HTML, OddFile
from tests.e2e.stack import Stack

MOST_GROWTH = 50 * 1024 * 1024
INLINE = ("image/", "video/", "audio/")


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    shop = stack.workspace("Odd files")
    key = stack.cli("create-api-key", "--workspace", shop.workspace_id)["api_key"]
    with httpx.Client(base_url=stack.base_url, trust_env=False, timeout=60) as client:
        client.headers = httpx.Headers({"Authorization": f"Bearer {key}"} | own_address())
        yield client


def bring(api: httpx.Client, one: OddFile) -> httpx.Response:
    return api.post("/api/media", files={"file": (one.name, one.data, one.mime)})


def verdict(answer: httpx.Response) -> str | None:
    if answer.status_code == 422:
        assert set(answer.json()["error"]["fields"]) == {"file"}
        return None
    assert answer.status_code == 201, answer.text
    return str(answer.json()["media"]["contentType"])


def resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_sixty_files_get_the_right_verdict_and_run_nowhere(stack: Stack, api: httpx.Client) -> None:
    assert len(FILES) >= 60
    bring(api, FILES[0])  # what a first picture loads is there from here on
    assert stack.process is not None
    pid = stack.process.pid
    before = resident(pid)
    wrong: dict[str, Any] = {}
    taken: list[tuple[OddFile, dict[str, Any]]] = []
    for number, one in enumerate(FILES):
        answer = bring(api, one)
        if (found := verdict(answer)) != one.taken_as:
            wrong[f"{number} {one.name[:40]!r}"] = (found, one.taken_as)
        if answer.status_code == 201:
            taken.append((one, answer.json()["media"]))
    growth = resident(pid) - before

    assert wrong == {}
    assert growth <= MOST_GROWTH, f"{growth / 1024 / 1024:.0f} MB"
    for one, media in taken:
        assert not re.search(r"[\x00-\x1f/\\\u202e]", media["filename"]), media
        assert len(media["filename"]) <= 200
        served = api.get(media["url"])
        assert served.content == one.data
        assert served.headers["content-type"] == media["contentType"] or served.headers[
            "content-type"
        ].startswith(f"{media['contentType']};")
        assert served.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in served.headers["content-security-policy"]
        is_inline = served.headers["content-disposition"].startswith("inline")
        assert is_inline == media["contentType"].startswith(INLINE)
    assert any(HTML in one.data for one, _media in taken)
    assert api.get("/api/messages").status_code == 200
