"""The sandbox through a client of the Cloud API that we did not write.

pywa believes that it speaks to Meta: a transport turns its requests round at the last moment. What
it reads, from answers and from webhooks, it reads with its own types.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pywa import WhatsApp, errors, handlers
from pywa.types import Button, Contact, Message, MessageStatus, MessageType
from pywa.types.message_status import MessageStatusType, PricingCategory, PricingModel
from pywa.types.templates import TemplateLanguage

from app.sandbox.behaviours import Scope
from app.sandbox.customers import Customer
from app.sandbox.identifiers import readable_phone
from app.sandbox.store import SandboxNumber
from tests.factories import Team, new_phone
from tests.integration.outbox_line import Graph
from tests.integration.running_sandbox import Receiver
from tests.waiting import wait_until

LINK = "https://example.com/file"
PICTURE = b"\x89PNG\r\n\x1a\n and the rest of it"
NEWS = [MessageStatusType.SENT, MessageStatusType.DELIVERED, MessageStatusType.READ]


class ToSandbox(httpx.BaseTransport):
    """Takes requests to Meta to the sandbox."""

    def __init__(self, address: str) -> None:
        self._address = httpx.URL(address)
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.netloc == self._address.netloc:  # a link to a file, which Graph gave
            return self._inner.handle_request(request)
        assert (request.url.scheme, request.url.host) == ("https", "graph.facebook.com")
        request.url = self._address.copy_with(raw_path=b"/graph" + request.url.raw_path)
        request.headers["Host"] = self._address.netloc.decode()
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@dataclass(slots=True)
class Business:
    """A business that uses pywa, a customer who has just written to it, and what pywa heard."""

    wa: WhatsApp
    number: SandboxNumber
    customer: Customer
    graph: Graph
    receiver: Receiver
    _handled: int = 0
    _heard: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wa.add_handlers(
            handlers.MessageHandler(self._hear), handlers.MessageStatusHandler(self._hear)
        )

    def hear(self, count: int) -> list[Any]:
        """Return the first updates, as pywa understood them."""
        wait_until(lambda: len(self.receiver.posts) >= count)
        for raw, signature in self.receiver.posts[self._handled :]:
            assert self.wa.webhook_update_validator(raw, signature) is None
            assert self.wa.webhook_update_validator(raw + b" ", signature) is not None
            assert self.wa.webhook_update_handler(raw) == ("ok", 200)
            self._handled += 1
        assert len(self._heard) == self._handled == count
        return self._heard

    def stored(self, wamid: str) -> Any:
        return self.graph.store.messages.find(self.number.meta_phone_number_id, wamid)

    def _hear(self, _: WhatsApp, update: Any) -> None:
        self._heard.append(update)


@pytest.fixture
def business(graph: Graph, receiver: Receiver, acme: Team, rival: Team) -> Iterator[Business]:
    graph.fail(None)
    graph.store.create_number(workspace=str(rival.id), display_name="Rival")
    number = graph.store.create_number(workspace=str(acme.id), display_name="Shop")
    graph.store.set_callback(number.waba_id, receiver.url)
    customer = graph.store.customers.find_or_create(str(acme.id), new_phone().lstrip("+"))
    graph.store.messages.open_window(number.meta_phone_number_id, customer.id)
    with httpx.Client(transport=ToSandbox(graph.address), trust_env=False) as session:
        wa = WhatsApp(
            number.meta_phone_number_id,
            number.access_token,
            session=session,
            waba_id=number.waba_id,
            app_secret=number.app_secret,
        )
        yield Business(wa, number, customer, graph, receiver)
        graph.store.set_callback(number.waba_id, None)


def test_pywa_lists_the_numbers_of_its_own_account(business: Business):
    [number] = business.wa.get_business_phone_numbers()

    assert number.id == business.number.meta_phone_number_id
    assert number.display_phone_number == readable_phone(business.number.phone)
    assert (number.verified_name, number.status, number.code_verification_status) == (
        "Shop", "CONNECTED", "VERIFIED",
    )  # fmt: skip
    assert (number.quality_rating, number.platform_type) == ("GREEN", "CLOUD_API")
    assert number.webhook_configuration == {"whatsapp_business_account": business.receiver.url}
    assert business.wa.get_business_phone_number() == number


def test_pywa_reads_its_account(business: Business):
    account = business.wa.get_business_account()

    assert (account.id, account.name, account.currency) == (business.number.waba_id, "Shop", "USD")
    assert (account.status, account.account_review_status) == ("ACTIVE", "APPROVED")
    assert account.subscribed_apps is not None
    assert [app.id for app in account.subscribed_apps] == [business.number.app_id]


def test_pywa_sees_nothing_of_another_account(business: Business, rival: Team):
    [foreign] = business.graph.store.list_workspace_numbers(str(rival.id))

    for ask in (
        lambda: business.wa.get_business_account(waba_id=foreign.waba_id),
        lambda: business.wa.get_business_phone_number(phone_id=foreign.meta_phone_number_id),
        lambda: business.wa.send_message("447700900001", "x", sender=foreign.meta_phone_number_id),
    ):
        with pytest.raises(errors.WhatsAppError) as caught:
            ask()
        assert (caught.value.code, caught.value.subcode) == (100, 33)


def test_text_is_sent_and_its_news_are_understood(business: Business):
    sent = business.wa.send_message(business.customer.wa_id, "Hello ✓", tracker="order 17")

    news: list[MessageStatus[Any]] = business.hear(3)

    assert (sent.input, sent.from_phone_id) == (business.customer.wa_id, business.wa.phone_id)
    assert business.stored(sent.id).content["body"] == "Hello ✓"
    assert [one.status for one in sorted(news, key=lambda one: NEWS.index(one.status))] == NEWS
    for one in news:
        assert (one.id, one.tracker, one.error) == (sent.id, "order 17", None)
        assert (one.waba_id, one.metadata.phone_number_id) == (
            business.number.waba_id, business.number.meta_phone_number_id,
        )  # fmt: skip
        assert (one.from_user.wa_id, one.from_user.bsuid, one.from_user.name) == (
            business.customer.wa_id, business.customer.user_id, business.customer.name,
        )  # fmt: skip
    priced = next(one for one in news if one.status == MessageStatusType.SENT)
    assert priced.pricing is not None
    assert (priced.pricing.model, priced.pricing.category, priced.pricing.billable) == (
        PricingModel.PMP, PricingCategory.SERVICE, False,
    )  # fmt: skip
    assert priced.conversation is not None
    assert priced.conversation.expiration is not None


def test_message_outside_the_window_fails_with_a_reason(business: Business):
    stranger = new_phone().lstrip("+")

    sent = business.wa.send_message(stranger, "Hello")

    [news] = business.hear(1)
    assert (news.id, news.status, news.from_user.wa_id) == (
        sent.id, MessageStatusType.FAILED, stranger,
    )  # fmt: skip
    assert isinstance(news.error, errors.ReEngagementMessage)
    assert news.error.code == 131047
    assert news.error.details


def test_message_of_a_customer_is_understood(business: Business):
    lifecycle = business.graph.app.state.sandbox.lifecycle
    ours = business.wa.send_message(business.customer.wa_id, "How can I help?")
    business.hear(3)

    said = lifecycle.say(
        business.number, business.customer, "One cake, please 🎂", context_wamid=ours.id
    )

    message: Message = business.hear(4)[-1]
    assert (message.id, message.type, message.text) == (
        said.wamid, MessageType.TEXT, "One cake, please 🎂",
    )  # fmt: skip
    assert (message.from_user.wa_id, message.from_user.bsuid, message.from_user.name) == (
        business.customer.wa_id, business.customer.user_id, business.customer.name,
    )  # fmt: skip
    assert message.reply_to_message is not None
    assert (message.reply_to_message.id, message.reply_to_message.from_user_id) == (
        ours.id, business.number.phone.lstrip("+"),
    )  # fmt: skip
    assert int(message.timestamp.timestamp()) == int(said.sent_at)
    assert (message.forwarded, message.error) == (False, None)


def test_message_is_marked_read_with_a_typing_indicator(business: Business):
    store, lifecycle = business.graph.store, business.graph.app.state.sandbox.lifecycle
    said = lifecycle.say(business.number, business.customer, "Hello?")

    assert business.wa.indicate_typing(said.wamid).success

    assert business.stored(said.wamid).read_at is not None
    assert store.messages.typing_s(business.number.meta_phone_number_id, business.customer.id) > 0


KINDS: dict[str, tuple[Callable[[WhatsApp, str], Any], dict[str, Any]]] = {
    "image": (lambda wa, to: wa.send_image(to, LINK, caption="Cake"),
              {"link": LINK, "caption": "Cake"}),
    "video": (lambda wa, to: wa.send_video(to, LINK), {"link": LINK}),
    "audio": (lambda wa, to: wa.send_audio(to, LINK), {"link": LINK}),
    "document": (lambda wa, to: wa.send_document(to, LINK, filename="menu.pdf"),
                 {"link": LINK, "filename": "menu.pdf"}),
    "sticker": (lambda wa, to: wa.send_sticker(to, LINK), {"link": LINK}),
    "location": (lambda wa, to: wa.send_location(to, 51.5, -0.12, name="Shop"),
                 {"latitude": 51.5, "longitude": -0.12, "name": "Shop"}),
    "interactive": (lambda wa, to: wa.send_message(to, "Cake?", buttons=[Button("Yes", "y")]),
                    {"type": "button", "body": {"text": "Cake?"}}),
    "template": (
        lambda wa, to: wa.send_template(to, "hello_world", TemplateLanguage.ENGLISH_US, []),
        {"name": "hello_world"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_sent_and_its_news_are_understood(business: Business, kind: str):
    send, expected = KINDS[kind]

    sent = send(business.wa, business.customer.wa_id)

    stored = business.stored(sent.id)
    assert stored.type == kind
    assert expected.items() <= stored.content.items()
    assert {one.status for one in business.hear(3)} == set(NEWS)


def test_file_is_brought_and_sent_by_its_id(business: Business):
    brought = business.wa.upload_media(PICTURE, "image/png", "cake.png")

    sent = business.wa.send_image(business.customer.wa_id, brought, caption="Cake")

    assert business.stored(sent.id).content == {"id": brought.id, "caption": "Cake"}
    there = business.wa.get_media_url(brought.id)
    assert (there.mime_type, there.sha256, there.file_size) == (
        "image/png", hashlib.sha256(PICTURE).hexdigest(), len(PICTURE),
    )  # fmt: skip
    assert there.get_bytes() == PICTURE


def test_file_of_a_customer_is_fetched(business: Business, tmp_path: Path):
    put = business.graph.store.media.put
    kept = put(business.number.meta_phone_number_id, "image/png", "cup.png", PICTURE)
    content = {"id": kept.id, "mime_type": "image/png", "sha256": kept.sha256, "caption": "This"}
    lifecycle = business.graph.app.state.sandbox.lifecycle
    lifecycle.bring(business.number, business.customer, "image", content)

    message: Message = business.hear(1)[0]

    assert (message.type, message.caption) == (MessageType.IMAGE, "This")
    assert message.image
    assert message.image.download(path=tmp_path, filename="it").read_bytes() == PICTURE


def test_files_of_another_account_are_not_there(business: Business, rival: Team):
    [foreign] = business.graph.store.list_workspace_numbers(str(rival.id))
    put = business.graph.store.media.put
    kept = put(foreign.meta_phone_number_id, "image/png", "theirs.png", PICTURE)

    with pytest.raises(errors.WhatsAppError) as caught:
        business.wa.get_media_url(kept.id)
    assert caught.value.code == 100


@pytest.mark.parametrize(("mime_type", "size"), [("text/html", 5), ("image/webp", 600 * 1024)])
def test_file_that_whatsapp_does_not_take_is_refused(business: Business, mime_type: str, size: int):
    with pytest.raises(errors.WhatsAppError) as caught:
        business.wa.upload_media(b"x" * size, mime_type, "file")
    assert caught.value.code == 100


def test_contact_card_and_reaction_are_sent(business: Business):
    to = business.customer.wa_id
    card = Contact(name=Contact.Name(formatted_name="Ben", first_name="Ben"))
    hello = business.wa.send_message(to, "Hello")

    contact = business.wa.send_contact(to, card)
    reaction = business.wa.send_reaction(to, "👍", hello.id)

    [stored] = business.stored(contact.id).content
    assert stored["name"]["formatted_name"] == "Ben"
    assert business.stored(reaction.id).content == {"emoji": "👍", "message_id": hello.id}


@pytest.mark.parametrize(
    ("failure", "kind", "code"),
    [
        ("131026", errors.MessageUndeliverable, 131026),
        ("131047", errors.ReEngagementMessage, 131047),
        ("130429", errors.RateLimitHit, 130429),
        ("131056", errors.TooManyMessages, 131056),
        ("190", errors.ExpiredAccessToken, 190),
        ("429", errors.ToManyAPICalls, 4),
    ],
)
def test_refusal_is_the_error_that_pywa_knows(
    business: Business, failure: str, kind: type[errors.WhatsAppError], code: int
):
    scope = Scope(
        workspace=business.number.workspace,
        meta_phone_number_id=business.number.meta_phone_number_id,
    )
    business.graph.store.behaviours.change(scope, {"fail_with": failure, "count": 1})

    with pytest.raises(kind) as caught:
        business.wa.send_message(business.customer.wa_id, "Hello")

    assert caught.value.code == code
    assert caught.value.fbtrace_id
    assert business.wa.send_message(business.customer.wa_id, "Hello again").id
