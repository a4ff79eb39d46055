"""Files from the customer's phone to the inbox, as people see and hear them."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack
from tests.e2e.test_connecting import connected

DATA = Path(__file__).parents[1] / "data"
FETCHED_MS = 20_000
LOADED = "image => image.complete && image.naturalWidth > 0"


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(out, kind)
    return out.getvalue()


def customer_sends(page: Page, name: str, mime: str, data: bytes, *, text: str = "") -> None:
    """Pick a file on the customer's phone, the way a person does."""
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-input").fill(text)
    file: FilePayload = {"name": name, "mimeType": mime, "buffer": data}
    with page.expect_response("**/phone/files") as sent:
        page.get_by_test_id("phone-file").set_input_files(file)
    assert sent.value.status == 201


def open_newest(page: Page) -> None:
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").first.click()


def test_a_photo_with_its_words_is_seen_enlarged_and_saved(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Photo"))
    rival = person(stack.workspace("No photo"))
    customer_sends(page, "cup.jpg", "image/jpeg", picture(), text="Is *this* still there?")
    open_newest(page)

    bubble = page.locator("[data-direction=inbound]")
    expect(bubble.locator("[data-state=stored]")).to_be_visible(timeout=FETCHED_MS)
    expect(bubble.locator("strong")).to_have_text("this")
    image = bubble.locator("img")
    expect(image).to_be_visible()
    page.wait_for_function("() => { const i = document.querySelector('.file img');"
                           " return i && i.complete && i.naturalWidth === 640 }")  # fmt: skip
    bubble.get_by_role("button", name="Enlarge").click()
    large = page.get_by_test_id("lightbox").locator("img")
    expect(large).to_be_visible()
    assert large.evaluate(f"async image => {{ await image.decode(); return ({LOADED})(image) }}")
    address = large.get_attribute("src") or ""
    with page.expect_download() as saved:
        page.get_by_test_id("lightbox").get_by_role("link").click()
    assert saved.value.suggested_filename == "Photo.jpeg"
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    assert page.request.get(address).status == 200
    assert rival.request.get(address).status == 404


def test_a_voice_note_shows_its_wave_and_plays(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Voice"))
    customer_sends(page, "voice.ogg", "audio/ogg", (DATA / "voice.ogg").read_bytes())
    open_newest(page)

    voice = page.locator(".voice")
    expect(voice).to_be_visible(timeout=FETCHED_MS)
    expect(voice.locator(".voice-time")).to_contain_text("0:0")
    page.wait_for_function(
        "() => new Set([...document.querySelectorAll('.voice-wave rect')]"
        ".map(bar => bar.getAttribute('height'))).size > 5"
    )
    voice.get_by_role("button", name="Play").click()
    expect(voice.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.voice audio').currentTime > 0.2")
    voice.get_by_role("button", name="Pause").click()
    expect(voice.get_by_role("button", name="Play")).to_be_visible()


def test_a_film_a_sticker_and_a_document(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Files"))
    customer_sends(page, "clip.mp4", "video/mp4", (DATA / "clip.mp4").read_bytes())
    customer_sends(page, "s.webp", "image/webp", picture("WEBP", (512, 512)))
    customer_sends(page, "Rechnung März.pdf", "application/pdf", b"%PDF-1.4 an invoice")
    open_newest(page)

    expect(page.locator("[data-state=stored]")).to_have_count(3, timeout=FETCHED_MS)
    page.wait_for_function("() => document.querySelector('.file video').duration > 1")
    sticker = page.locator(".file-sticker img")
    assert sticker.bounding_box()["width"] <= 160  # type: ignore[index]  # it is there
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download Rechnung März.pdf").click()
    assert saved.value.suggested_filename == "Rechnung März.pdf"
    assert Path(saved.value.path()).read_bytes() == b"%PDF-1.4 an invoice"


def test_a_page_that_calls_itself_a_photo_runs_nowhere(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Liar"))
    lie = b"<!doctype html><script>document.title = 'taken over'</script>"
    customer_sends(page, "cat.jpg", "image/jpeg", lie)
    open_newest(page)

    card = page.locator("a.file-card")
    expect(card).to_be_visible(timeout=FETCHED_MS)
    answer = page.request.get(card.get_attribute("href") or "")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    expect(page).not_to_have_title("taken over")


def test_a_file_comes_by_itself_into_an_open_thread(person: Person, stack: Stack) -> None:
    shop = connected(stack, "Live file")
    page = person(shop)
    customer_sends(page, "one.jpg", "image/jpeg", picture(size=(30, 20)))
    open_newest(page)
    expect(page.locator("[data-state=stored]")).to_have_count(1, timeout=FETCHED_MS)
    other = person(shop)

    customer_sends(other, "two.jpg", "image/jpeg", picture(size=(40, 20)))

    expect(page.locator("[data-state=stored]")).to_have_count(2, timeout=FETCHED_MS)


@pytest.mark.phone
def test_files_fit_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Small files"))
    customer_sends(page, "wide.png", "image/png", picture("PNG", (3000, 400)))
    customer_sends(page, "a" * 200 + ".pdf", "application/pdf", b"%PDF-1.4")
    open_newest(page)

    expect(page.locator("[data-state=stored]")).to_have_count(2, timeout=FETCHED_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
