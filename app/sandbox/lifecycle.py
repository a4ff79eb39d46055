"""What happens to a message after it was accepted, in either direction.

Every step is one transaction that stores the message together with the webhook updates it causes:
sent at once, delivered and read a little later, all of them while the customer is online. What
waits for an offline customer moves when they come back.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from app.sandbox import identifiers, payloads, rendering
from app.sandbox.behaviours import Behaviour, Scope
from app.sandbox.customers import Customer
from app.sandbox.errors import GraphError
from app.sandbox.messages import Message, NewMessage
from app.sandbox.outgoing import Outgoing, ReadMark
from app.sandbox.store import SandboxNumber, Store

WINDOW_CLOSED, OPTED_OUT = 131047, 131050
# Meta's limits: messages a second of a number; to one customer 45 at once, then one in six seconds.
PER_SECOND, PAIR_BURST, PAIR_S = 80, 45, 45 * 6.0
TYPING_S = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Every pause of the sandbox, in seconds; tests shorten them."""

    delivered_s: float = 0.3
    read_s: float = 0.7  # after delivered
    group_s: float = 1.0  # how long updates wait for others when they are combined or shuffled
    poll_s: float = 0.5  # for what another process queued
    retry_s: float = 0.5  # doubled with every attempt
    retry_max_s: float = 20
    post_timeout_s: float = 20
    review_s: float = 3  # of a template
    hold_s: float = 60  # failWith "timeout"
    page_hold_s: float = 2  # the phone page asks again after this


class Lifecycle:
    """The steps, on one store."""

    def __init__(self, store: Store, timings: Timings) -> None:
        self._store = store
        self._timings = timings

    def send(self, number: SandboxNumber, outgoing: Outgoing) -> tuple[Message, Customer]:
        """Accept a message of the business; raises `GraphError`."""
        store = self._store
        content, category = self._prepare(number, outgoing)
        with store.database.transaction():
            customer = self._recipient(number, outgoing)
            self._check_context(number, outgoing.context_wamid)
            failure = self._failure(number, customer, outgoing.type, category)
            self._pace(number, customer)
            message = store.messages.create(
                NewMessage(
                    wamid=identifiers.new_wamid(customer.wa_id, is_from_customer=False),
                    meta_phone_number_id=number.meta_phone_number_id,
                    customer_id=customer.id,
                    is_from_customer=False,
                    type=outgoing.type,
                    content=content,
                    context_wamid=outgoing.context_wamid,
                    opaque=outgoing.opaque,
                    category=category,
                ),
                has_arrived=failure is None and customer.is_online,
                is_failed=failure is not None,
            )
            store.messages.set_typing(number.meta_phone_number_id, customer.id, seconds=0)
            self._report(number, customer, message, failure)
            store.customers.touch(number.workspace)
        return message, customer

    def echo(self, number: SandboxNumber, customer: Customer, text: str) -> Message:
        """Let the business write in WhatsApp's own app; it opens no window."""
        store = self._store
        with store.database.transaction():
            message = store.messages.create(
                NewMessage(
                    wamid=identifiers.new_wamid(customer.wa_id, is_from_customer=False),
                    meta_phone_number_id=number.meta_phone_number_id,
                    customer_id=customer.id,
                    is_from_customer=False,
                    type="text",
                    content={"body": text},
                ),
                has_arrived=customer.is_online,
            )
            now = store.clock()
            value = payloads.echo_value(number, customer, message, at=now)
            self._queue(number, customer, value, at=now, field="smb_message_echoes")
            store.customers.touch(number.workspace)
        return message

    def rate(self, number: SandboxNumber, quality: str) -> None:
        """Let customers rate a number as GREEN, YELLOW or RED."""
        store = self._store
        with store.database.transaction():
            store.set_quality(number.meta_phone_number_id, quality)
            if number.is_subscribed:
                store.updates.put(
                    number.meta_phone_number_id,
                    0,
                    payloads.quality_value(number, quality),
                    due_at=store.clock(),
                    field="phone_number_quality_update",
                )

    def mark_read(self, number: SandboxNumber, mark: ReadMark) -> None:
        """Note that the business read a message and those before it; raises `GraphError`."""
        store = self._store
        with store.database.transaction():
            message = store.messages.find(number.meta_phone_number_id, mark.message_id)
            if message is None or not message.is_from_customer:
                raise GraphError(
                    100, "(#100) Invalid parameter", details="message_id is not a received message."
                )
            store.messages.mark_read(message)
            if mark.is_typing:
                store.messages.set_typing(
                    number.meta_phone_number_id, message.customer_id, seconds=TYPING_S
                )
            store.customers.touch(number.workspace)

    def say(
        self,
        number: SandboxNumber,
        customer: Customer,
        text: str,
        *,
        context_wamid: str | None = None,
    ) -> Message:
        """Let a customer write to a business; an offline customer's message waits."""
        content = {"body": text}
        return self.bring(number, customer, "text", content, context_wamid=context_wamid)

    def bring(
        self,
        number: SandboxNumber,
        customer: Customer,
        kind: str,
        content: dict[str, Any] | list[Any],
        *,
        beside: dict[str, Any] | None = None,
        context_wamid: str | None = None,
    ) -> Message:
        """Do the same with a message of any kind; `content` is Meta's member of that name.

        `beside` holds what stands beside it in the message.
        """
        with self._store.database.transaction():
            message = self._store.messages.create(
                NewMessage(
                    wamid=identifiers.new_wamid(customer.wa_id, is_from_customer=True),
                    meta_phone_number_id=number.meta_phone_number_id,
                    customer_id=customer.id,
                    is_from_customer=True,
                    type=kind,
                    content=content,
                    beside=beside or {},
                    context_wamid=context_wamid,
                ),
                has_arrived=customer.is_online,
            )
            if customer.is_online:
                self._hand_over(number, customer, message)
            self._store.customers.touch(number.workspace)
        return message

    def ring(self, number: SandboxNumber, customer: Customer) -> None:
        """Let a customer call; nobody takes it, which opens the window all the same."""
        store = self._store
        with store.database.transaction():
            now = store.clock()
            call_id = identifiers.new_call_id()
            store.messages.open_window(number.meta_phone_number_id, customer.id)
            for event in ("connect", "terminate"):
                value = payloads.call_value(number, customer, call_id, event, at=now)
                self._queue(number, customer, value, at=now, field="calls")
            store.customers.touch(number.workspace)

    def switch(self, customer: Customer, **switches: bool) -> None:
        """Set some of a customer's switches; coming online moves everything that waited."""
        store = self._store
        current = replace(customer, **switches)  # type: ignore[arg-type]  # booleans alone
        with store.database.transaction():
            store.customers.set_switches(current)
            if current.wants_marketing != customer.wants_marketing:
                self._tell_wish(current)
            if not current.is_online:
                return
            for message in store.messages.list_waiting(customer.id):
                number = store.find_number(message.meta_phone_number_id)
                assert number is not None  # noqa: S101  # a foreign key
                store.messages.arrive(message)
                if message.is_from_customer:
                    self._hand_over(number, current, message)
                else:
                    self._queue_receipts(number, current, message)

    def _prepare(
        self, number: SandboxNumber, outgoing: Outgoing
    ) -> tuple[dict[str, Any] | list[Any], str]:
        """Return what is kept of a message and what it is charged as; raises `GraphError`."""
        content = outgoing.content
        if outgoing.type != "template" or isinstance(content, list):
            return content, "service"
        template = rendering.choose(self._store.templates.list_all(number.waba_id), content)
        rendered = rendering.render(template, content)
        return {**content, **rendered}, str(template["category"]).lower()

    def _recipient(self, number: SandboxNumber, outgoing: Outgoing) -> Customer:
        customers = self._store.customers
        if outgoing.wa_id == number.phone.lstrip("+"):
            raise GraphError(131021)
        if outgoing.wa_id:
            return customers.find_or_create(number.workspace, outgoing.wa_id)
        customer = customers.find_by_user_id(number.workspace, outgoing.user_id or "")
        if customer is None:
            raise GraphError(131009, details="recipient is not a user this business knows.")
        return customer

    def _check_context(self, number: SandboxNumber, wamid: str | None) -> None:
        if wamid and not self._store.messages.find(number.meta_phone_number_id, wamid):
            raise GraphError(131009, details="context['message_id'] is not a known message.")

    def _failure(
        self, number: SandboxNumber, customer: Customer, kind: str, category: str
    ) -> int | None:
        """Return why a message that Meta accepts will not arrive."""
        if category == "marketing" and not customer.wants_marketing:
            return OPTED_OUT
        is_open = kind == "template" or self._window(number, customer) > self._store.clock()
        return None if is_open else WINDOW_CLOSED

    def _pace(self, number: SandboxNumber, customer: Customer) -> None:
        """Refuse what comes too fast, where the control page asks for Meta's limits."""
        scope = Scope(workspace=number.workspace, meta_phone_number_id=number.meta_phone_number_id)
        if not self._store.behaviours.find(scope).limits:
            return
        now, sent = self._store.clock(), self._store.messages.count_sent
        if sent(number.meta_phone_number_id, since=now - 1) >= PER_SECOND:
            raise GraphError(130429)
        pair = sent(number.meta_phone_number_id, since=now - PAIR_S, customer_id=customer.id)
        if pair >= PAIR_BURST:
            raise GraphError(131056)

    def _tell_wish(self, customer: Customer) -> None:
        """Tell every business of the workspace that the customer has written with."""
        now = self._store.clock()
        for number in self._store.list_workspace_numbers(customer.workspace):
            if self._store.messages.list_chat(number.meta_phone_number_id, customer.id):
                value = payloads.wish_value(number, customer, at=now)
                self._queue(number, customer, value, at=now, field="user_preferences")

    def _report(
        self, number: SandboxNumber, customer: Customer, message: Message, failure: int | None
    ) -> None:
        if failure is not None:
            now = self._store.clock()
            value = payloads.failed_value(number, customer, message, failure, at=now)
            self._queue(number, customer, value, at=now)
            return
        self._queue_status(number, customer, message, "sent", after_s=0)
        if customer.is_online:
            self._queue_receipts(number, customer, message)

    def _queue_receipts(self, number: SandboxNumber, customer: Customer, message: Message) -> None:
        delivered_s = self._timings.delivered_s
        self._queue_status(number, customer, message, "delivered", after_s=delivered_s)
        if customer.shows_receipts:
            read_s = delivered_s + self._timings.read_s
            self._queue_status(number, customer, message, "read", after_s=read_s)

    def _queue_status(
        self,
        number: SandboxNumber,
        customer: Customer,
        message: Message,
        status: str,
        *,
        after_s: float,
    ) -> None:
        at = self._store.clock() + after_s
        window = self._window(number, customer)
        value = payloads.status_value(
            number, customer, message, status, at=at, window_expires_at=window
        )
        self._queue(number, customer, value, at=at)

    def _hand_over(self, number: SandboxNumber, customer: Customer, message: Message) -> None:
        store = self._store
        store.messages.open_window(number.meta_phone_number_id, customer.id)
        quoted = message.context_wamid and store.messages.find(
            number.meta_phone_number_id, message.context_wamid
        )
        is_own = bool(quoted and quoted.is_from_customer)
        now = store.clock()
        value = payloads.message_value(
            number,
            customer,
            message,
            at=now,
            quoted_from=customer.wa_id if is_own else number.phone.lstrip("+"),
        )
        self._queue(number, customer, value, at=now)

    def _queue(
        self,
        number: SandboxNumber,
        customer: Customer,
        value: dict[str, Any],
        *,
        at: float,
        field: str = "messages",
    ) -> None:
        if not number.is_subscribed:
            return
        scope = Scope(workspace=number.workspace, meta_phone_number_id=number.meta_phone_number_id)
        due_at = self._due_at(at, self._store.behaviours.find(scope))
        self._store.updates.put(
            number.meta_phone_number_id, customer.id, value, due_at=due_at, field=field
        )

    def _due_at(self, at: float, behaviour: Behaviour) -> float:
        """Add the delay; round up to a common moment where updates are combined or shuffled."""
        due_at = at + behaviour.delay_ms / 1000
        if behaviour.is_grouped:
            due_at = math.ceil(due_at / self._timings.group_s) * self._timings.group_s
        return due_at

    def _window(self, number: SandboxNumber, customer: Customer) -> float:
        return self._store.messages.window_expires_at(number.meta_phone_number_id, customer.id)
