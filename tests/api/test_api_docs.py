"""The page about the API shows calls that work as they stand."""

import html
import re

import httpx


async def page(http: httpx.AsyncClient) -> list[str]:
    """Return the calls that the page shows, in their order."""
    shown = (await http.get("/api/docs")).text
    codes = re.findall(r"<code>(curl .*?)</code>", shown, re.DOTALL)
    return [html.unescape(code) for code in codes]


async def test_first_call_can_be_tried_as_it_stands(http: httpx.AsyncClient):
    first, *_rest = await page(http)

    assert first.startswith("curl http://")
    assert "{" not in first
    assert "Authorization: Bearer" in first


async def test_files_are_brought_as_a_form_and_all_else_as_json(http: httpx.AsyncClient):
    calls = await page(http)

    [brings] = [call for call in calls if call.split()[:4][-1].endswith("/api/media")]
    assert "-F 'file=@picture.jpg'" in brings
    assert "Content-Type" not in brings
    sends = [call for call in calls if " -d '" in call]
    assert len(sends) > 10
    assert all("Content-Type: application/json" in call for call in sends)
