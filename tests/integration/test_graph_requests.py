"""Every request that the product makes to Graph, checked against Meta's own document."""

import base64
import io
import json
from uuid import UUID

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from app import db
from app.config import settings
from app.ids import new_id
from app.models.enums import MessageType
from app.services import sending
from app.services.outbox.drain import drain as drain_outbox
from app.services.sending import Written
from app.services.templates import fill
from app.services.templates.fill import Values
from app.services.templates.shape import Button, ButtonKind, HeaderKind, Shape, to_components
from app.services.whatsapp import client, management, media, outbound, receipts, templates
from app.services.whatsapp.client import Credentials
from tests import factories
from tests.contracts import needs_document
from tests.graph_contract import contract, document, form_of
from tests.integration.outbox_line import Line
from tests.table_rows import execute, status_of
from tests.waiting import wait_until

pytestmark = needs_document


def problems(requests: list[httpx.Request]) -> list[str]:
    return [problem for one in requests for problem in contract().problems(one, base="/graph")]


def test_every_message_that_goes_out_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    written = [
        line.write(text, thread=line.new_thread())
        for text in ("Hello", "x", "é" * outbound.MAX_TEXT, "\U0001f680 see https://example.com")
    ]
    written.append(line.write("to somebody without a phone", thread=thread_by_user_id(line)))
    drain_outbox()
    assert {status_of(message_id) for message_id in written} == {"sent"}
    execute("UPDATE messages SET status = 'uncertain', wamid = NULL WHERE id = %s", written[0])
    with db.transaction(line.team.id) as session:
        sending.send_again(session, line.team.agent, written[0])
    drain_outbox()

    assert problems(requests) == []
    bodies = [json.loads(one.content) for one in requests]
    assert len(bodies) == len(written) + 1
    assert {len(body["text"]["body"]) for body in bodies} >= {1, outbound.MAX_TEXT}
    assert sum("recipient" in body for body in bodies) == 1
    assert bodies[-1]["biz_opaque_callback_data"] == f"{written[0]}.1"


def test_every_template_that_goes_out_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    media = Shape(header=HeaderKind.IMAGE, body="Look at {{1}} now.", examples={"1": "x"})
    buttons = (
        Button(kind=ButtonKind.URL, text="Track", value="https://shop.example/{{1}}"),
        Button(kind=ButtonKind.COPY_CODE, value="SAGE10"),
    )
    named = Shape(body="Dear {{first_name}}, hello.", is_named=True, buttons=buttons)
    filled = (
        (media, Values(body={"1": "this"}, media="https://shop.example/a.jpg")),
        (media, Values(body={"1": "this"}, media="2762702990552401")),
        (named, Values(body={"first_name": "Ana"}, buttons={0: "t/77", 1: "SAGE10"})),
        (Shape(body="Nothing to fill."), Values()),
    )
    for shape, values in filled:
        payload = fill.payload("order_update", "en_US", shape, values)
        message = Written(type=MessageType.TEMPLATE, content=payload | {"buttons": []}, text="x")
        with db.transaction(line.team.id) as session:
            sending.send(
                session, line.team.agent, line.new_thread(), message=message, client_ref=new_id()
            )
    drain_outbox()

    assert problems(requests) == [], problems(requests)
    bodies = [json.loads(one.content)["template"] for one in requests]
    assert len(bodies) == len(filled)
    assert all(set(body) <= {"name", "language", "components"} for body in bodies)


def thread_by_user_id(line: Line) -> UUID:
    store, workspace = line.graph.store, line.sandbox_number.workspace
    customer = store.customers.find_or_create(workspace, factories.new_phone().lstrip("+"))
    store.messages.open_window(line.number.meta_id, customer.id)
    contact = factories.make_contact(line.team.id, has_phone=False, user_id=customer.user_id)
    return factories.make_conversation(line.number, contact)


def test_subscribing_to_webhooks_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    async def agree(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.query_params["hub.challenge"])

    line.graph.app.add_route("/verified", agree, methods=["GET"])
    credentials = credentials_of(line)

    answer = management.subscribe(
        credentials,
        line.number.waba_id,
        callback_url=f"{line.graph.address}/verified",
        verify_token=line.number.verify_token,
    )

    assert answer["success"] is True
    assert problems(requests) == []
    assert [one.method for one in requests] == ["POST"]


def test_showing_that_one_reads_and_types_is_the_documents_own_example(
    line: Line, requests: list[httpx.Request]
):
    """It has no shape in the document, which has an example of it only."""
    content = document()["paths"]["/{Version}/{Phone-Number-ID}/messages"]["post"]["requestBody"]
    examples = content["content"]["application/json"]["examples"]
    example = examples["Send typing indicator and read receipt"]["value"]
    for is_typing in (False, True):
        with pytest.raises(client.GraphRefused):  # the sandbox knows no such message
            receipts.mark_read(
                credentials_of(line),
                line.number.meta_id,
                example["message_id"],
                is_typing=is_typing,
            )

    reads, types = (json.loads(one.content) for one in requests)
    assert types == example
    assert reads == {name: value for name, value in example.items() if name != "typing_indicator"}
    assert all(one.url.path.endswith(f"/{line.number.meta_id}/messages") for one in requests)


def test_setting_a_number_up_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    credentials = credentials_of(line)
    waba_id, phone = line.number.waba_id, factories.new_phone()

    number_id = management.add_number(credentials, waba_id, phone, "Second counter")
    management.request_code(credentials, number_id, method="VOICE", language="pt_BR")
    code = line.graph.store.registrations.sent_codes(str(line.team.id))[0].code
    management.verify_code(credentials, number_id, code)
    management.register(credentials, number_id, "271828")
    listed = {one.id for one in management.list_numbers(credentials, waba_id)}
    found = management.get_number(credentials, number_id)

    assert number_id in listed
    assert (found.status, found.code_verification_status) == ("CONNECTED", "VERIFIED")
    assert problems(requests) == []
    assert [one.method for one in requests] == ["POST"] * 4 + ["GET"] * 2


def test_asking_how_an_account_is_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    assert management.is_subscribed(credentials_of(line), line.number.waba_id)
    assert problems(requests) == []
    # The document is of WhatsApp's own operations; this one is Graph's, for tokens of any kind.
    requests.clear()
    assert management.inspect_token(credentials_of(line)).is_valid
    assert [one.url.path.rpartition("/")[2] for one in requests] == ["debug_token"]
    assert set(requests[0].url.params) == {"input_token"}


def test_asking_for_a_file_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    kept = line.graph.store.media.put(line.number.meta_id, "image/png", "", b"x")

    found = media.find(credentials_of(line), kept.id)

    assert found.sha256 == kept.sha256
    assert problems(requests) == []


def test_bringing_a_file_keeps_the_contract(line: Line, requests: list[httpx.Request]):
    file = io.BytesIO(b"%PDF-1.4 an invoice")

    media_id = media.upload(
        credentials_of(line), line.number.meta_id, file,
        content_type="application/pdf", filename="invoice.pdf",
    )  # fmt: skip

    assert isinstance(media_id, str)
    assert line.graph.store.media.find(media_id)
    [sent] = requests
    # `type` stands in Meta's reference of the operation, not in the document.
    assert problems(requests) == ["$: additionalProperties"]
    fields = form_of(sent)
    assert fields is not None
    assert set(fields) == {"messaging_product", "type", "file"}
    assert fields["type"] == "application/pdf"


def test_bringing_a_sample_is_as_graphs_own_guide_shows_it(
    line: Line, requests: list[httpx.Request]
):
    """The document is of WhatsApp's own operations; resumable uploads are Graph's."""
    app_id = management.inspect_token(credentials_of(line)).app_id
    assert app_id is not None
    requests.clear()

    handle = templates.bring_sample(
        credentials_of(line), app_id, io.BytesIO(b"\x89PNG"), size=4,
        content_type="image/png", filename="cup ä.png",
    )  # fmt: skip

    opened, put = requests
    assert handle
    assert opened.url.path.endswith(f"/{app_id}/uploads")
    assert dict(opened.url.params) == {
        "file_name": "cup ä.png", "file_length": "4", "file_type": "image/png",
    }  # fmt: skip
    assert "/upload:" in put.url.path
    assert (put.headers["file_offset"], put.headers["Content-Length"]) == ("0", "4")
    assert put.headers["Authorization"] == f"OAuth {credentials_of(line).access_token}"
    assert line.graph.store.media.read(media_id_of(handle)) == b"\x89PNG"


def media_id_of(handle: str) -> str:
    """Read the sandbox's handle of a file."""
    return base64.urlsafe_b64decode(handle.removeprefix("4::")).decode()


def test_templates_keep_the_contract(line: Line, requests: list[httpx.Request]):
    credentials, waba_id = credentials_of(line), line.number.waba_id
    shape = Shape(
        header=HeaderKind.TEXT,
        header_text="Order {{1}}",
        header_examples={"1": "77"},
        body="Hello {{1}}, your order is on its way.",
        examples={"1": "Ana"},
        footer="Marigold",
        buttons=(
            Button(kind=ButtonKind.QUICK_REPLY, text="Thanks"),
            Button(kind=ButtonKind.URL, text="Open", value="https://a.example/{{1}}", example="x"),
            Button(kind=ButtonKind.PHONE_NUMBER, text="Call", value="+15550102030"),
            Button(kind=ButtonKind.COPY_CODE, value="SAGE10"),
        ),
    )

    made = templates.create(
        credentials,
        waba_id,
        name="order_update",
        language="en_US",
        category="UTILITY",
        is_named=False,
        components=to_components(shape),
    )
    (listed,) = wait_until(
        lambda: [one for one in templates.list_all(credentials, waba_id) if one.status != "PENDING"]
    )
    templates.edit(credentials, made.id, to_components(Shape(body="It is on its way to you.")))
    templates.delete(credentials, waba_id, template_id=made.id, name="order_update")

    assert (listed.id, listed.status) == (made.id, "APPROVED")
    assert problems(requests) == []
    assert {one.method for one in requests} == {"POST", "GET", "DELETE"}


def credentials_of(line: Line) -> Credentials:
    return Credentials(
        graph_url=f"{line.graph.address}/graph",
        version=settings().whatsapp_graph_version,
        access_token=line.sandbox_number.access_token,
    )
