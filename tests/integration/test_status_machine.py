"""Statuses in every order: a machine plays Meta, the drains and a person against a small model."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app import db
from app.db import DbRole
from app.ids import new_id
from app.models.enums import MessageStatus
from app.services import sending
from app.services.inbound.drain import drain
from app.services.locks import start_run
from app.services.outbox.claim import Claimed, claim, end_pauses
from app.services.outbox.record import expire, record
from app.services.whatsapp.client import Accepted, Outcome, Refused, Unseen
from app.services.whatsapp.errors import meaning
from app.services.whatsapp.outbound import Attempt
from tests import factories
from tests.factories import Team
from tests.integration.status_model import BUSY, REFUSED, Model, Sending
from tests.table_rows import execute, row, rows
from tests.webhook_factories import status, store_event, webhook_body

WORDS = ("failed", "sent", "delivered", "read")
WHICH = st.integers(0, 1)
EXAMPLES, STEPS = 25, 36


@dataclass(frozen=True, slots=True)
class News:
    """What a body says of one sending."""

    words: list[str]
    code: int  # of a failure
    is_named: bool
    is_doubled: bool


NEWS = st.builds(
    News,
    words=st.just(["failed"]) | st.lists(st.sampled_from(WORDS), min_size=1, max_size=2),
    code=st.sampled_from([BUSY, REFUSED]),
    is_named=st.booleans(),
    is_doubled=st.booleans(),
)


class Message:
    """A message of ours, its model, and the senders who have not reported yet."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.thread = factories.make_conversation(team.number)
        self.model = Model()
        self.claims: list[tuple[Claimed, Sending]] = []
        with db.transaction(team.id) as session:
            self.id: UUID = sending.send_text(
                session, team.agent, self.thread, text="Hello", client_ref=new_id()
            ).id

    @property
    def is_at_its_end(self) -> bool:
        is_settled = self.model.status.rank >= MessageStatus.SENT.rank
        return is_settled and not (self.claims or self.model.may_be_sent_again)

    def is_as_the_model_says(self) -> None:
        *found, in_list = row(
            """
            SELECT m.status, m.wamid, (m.error ->> 'code')::int, m.resend_count,
                c.last_message_status
            FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = %s
            """,
            self.id,
        )
        model = self.model
        assert found == [model.status, model.wamid, model.code, model.attempt]
        # The list does not tell whether a message waits or is under way.
        is_under_way = model.status is MessageStatus.SENDING
        assert in_list == (MessageStatus.QUEUED if is_under_way else model.status)
        news = rows(
            "SELECT wamid, status, (errors -> 0 ->> 'code')::int FROM message_statuses"
            " WHERE wamid LIKE %s",
            f"wamid.{self.id}.%",
        )
        assert Counter(news) == Counter((*key, code) for key, code in model.news.items())
        linked = rows("SELECT wamid, status FROM message_statuses WHERE message_id = %s", self.id)
        assert (
            {one for one in model.news if one[0] == model.wamid} <= set(linked) <= set(model.news)
        )


class Statuses(RuleBasedStateMachine):
    """Two messages in two workspaces; each step is one that Meta, a drain or a person can take."""

    reached: Counter[str]

    def __init__(self, teams: tuple[Team, Team], reached: Counter[str]) -> None:
        super().__init__()
        self.messages = [Message(team) for team in teams]
        self.finished: list[Message] = []
        self.reached = reached
        self.closing = ExitStack()
        self.connection = self.closing.enter_context(db.connect(DbRole.DRAIN))
        # The run that sends is another one than the run that looks for ended leases.
        self.runner = start_run(self.closing.enter_context(db.connect(DbRole.DRAIN)))

    def teardown(self) -> None:
        """Look at all of them once more; leave nothing that the next example would claim."""
        self.closing.close()
        for one in self.finished:
            one.is_as_the_model_says()
        execute("UPDATE messages SET status = 'failed' WHERE status IN ('queued', 'sending')")

    @precondition(lambda self: any(m.model.status == "queued" for m in self.messages))
    @rule()
    def outbox_claims(self) -> None:
        end_pauses(self.connection)
        claimed = {one.id: one for one in claim(self.connection, self.runner)}
        waiting = [one for one in self.messages if one.model.status == "queued"]
        assert set(claimed) == {one.id for one in waiting}
        for one in waiting:
            sending = Sending(f"wamid.{one.id}.{new_id()}", one.model.attempt)
            assert claimed[one.id].attempt == Attempt(one.id, one.model.attempt)
            one.claims.append((claimed[one.id], sending))
            one.model.claimed(sending)

    @precondition(lambda self: any(m.claims for m in self.messages))
    @rule(which=WHICH, outcome=st.sampled_from(["accepted", "unseen", "busy", "refused"]))
    def outbox_records(self, which: int, outcome: str) -> None:
        one = self._one(which, lambda message: message.claims)
        claimed, sending = one.claims.pop(0)
        if sending.is_heard_of and outcome in {"busy", "refused"}:
            outcome = "accepted"  # whatever there are news of was taken
        before = one.model.status
        record(self.connection, claimed, _outcome(outcome, sending))
        match outcome:
            case "accepted":
                one.model.accepted(sending)
            case "unseen":
                one.model.unseen(sending)
            case _:
                one.model.refused(sending, BUSY if outcome == "busy" else REFUSED)
        self._note(outcome, is_it=True)
        self._note("answer after news", is_it=sending.is_heard_of and outcome == "accepted")
        self._note("answer to an earlier attempt", is_it=sending.attempt != one.model.attempt)
        assert outcome == "busy" or one.model.status.rank >= before.rank

    @precondition(lambda self: any(m.model.sendings for m in self.messages))
    @rule(which=WHICH, place=st.integers(0, 3), news=NEWS)
    def meta_tells(self, which: int, place: int, news: News) -> None:
        one = self._one(which, lambda message: message.model.sendings)
        self._tell(one, one.model.sendings[-1 - place % len(one.model.sendings)], news)

    @precondition(lambda self: any(m.model.forgotten for m in self.messages))
    @rule(which=WHICH, news=NEWS)
    def meta_tells_late(self, which: int, news: News) -> None:
        """A person did not wait for the news of an earlier attempt: here they are."""
        one = self._one(which, lambda message: message.model.forgotten)
        self._tell(one, one.model.forgotten[0], replace(news, is_named=True))

    @precondition(lambda self: any(m.model.status == "sending" for m in self.messages))
    @rule(which=WHICH)
    def lease_ends(self, which: int) -> None:
        """A sender hangs, or has died; if it hangs, it may still report."""
        one = self._one(which, lambda message: message.model.status == "sending")
        execute(
            "UPDATE messages SET next_attempt_at = now() - interval '1 s' WHERE id = %s", one.id
        )
        expire(self.connection)
        one.model.lease_ended()
        self._note("lease ended", is_it=True)

    @precondition(lambda self: any(m.model.may_be_sent_again for m in self.messages))
    @rule(which=WHICH)
    def person_sends_again(self, which: int) -> None:
        one = self._one(which, lambda message: message.model.may_be_sent_again)
        self._note(f"sent again when {one.model.status}", is_it=True)
        with db.transaction(one.team.id) as session:
            sending.send_again(session, one.team.agent, one.id)
        one.model.sent_again()

    @precondition(lambda self: any(m.model.may_be_given_up for m in self.messages))
    @rule(which=WHICH)
    def person_gives_up(self, which: int) -> None:
        one = self._one(which, lambda message: message.model.may_be_given_up)
        with db.transaction(one.team.id) as session:
            sending.give_up(session, one.team.agent, one.id)
        one.model.given_up()
        self._note("given up", is_it=True)

    @precondition(lambda self: any(m.is_at_its_end for m in self.messages))
    @rule(which=WHICH)
    def person_writes_another(self, which: int) -> None:
        one = self._one(which, lambda message: message.is_at_its_end)
        self.finished.append(one)
        self.messages[self.messages.index(one)] = Message(one.team)

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        for one in self.messages:
            one.is_as_the_model_says()

    def _tell(self, one: Message, sending: Sending, news: News) -> None:
        before, was_known, was_heard_of = one.model.status, one.model.wamid, sending.is_heard_of
        callback = Attempt(one.id, sending.attempt).encode() if news.is_named else None
        updates = [
            status(
                sending.wamid, word, callback=callback, code=news.code if word == "failed" else None
            )
            for word in news.words
        ]
        body = webhook_body(one.team.number, statuses=updates * (1 + news.is_doubled))
        store_event(one.team.number.account_id, body)
        assert drain()
        one.model.heard(sending, news.words, news.code, is_named=news.is_named)
        is_earlier = sending.attempt != one.model.attempt
        is_first = is_earlier and news.is_named and was_known is None and not was_heard_of
        self._note("news before their message", is_it=not news.is_named and was_known is None)
        self._note("news that name our message", is_it=news.is_named and was_known is None)
        self._note("news of an earlier attempt", is_it=is_earlier)
        self._note("earlier attempt got through", is_it=is_first and one.model.wamid is not None)
        self._note("earlier attempt failed", is_it=is_first and one.model.wamid is None)
        assert one.model.status.rank >= before.rank

    def _one(self, which: int, is_fit: Callable[[Message], object]) -> Message:
        """Return one of the messages with which the step can be taken."""
        fitting = [one for one in self.messages if is_fit(one)]
        return fitting[which % len(fitting)]

    def _note(self, what: str, *, is_it: bool) -> None:
        if is_it:
            self.reached[what] += 1


def _outcome(kind: str, sending: Sending) -> Outcome:
    match kind:
        case "accepted":
            return Accepted(sending.wamid)
        case "unseen":
            return Unseen("nobody saw it")
        case _:
            code = BUSY if kind == "busy" else REFUSED
            return Refused(code=code, title=kind, details=None, meaning=meaning(code))


# What the steps have to come by, all of it: a run without one of these would prove less.
REACHED = {
    "accepted",
    "unseen",
    "busy",
    "refused",
    "lease ended",
    "given up",
    "answer after news",
    "answer to an earlier attempt",
    "news before their message",
    "news that name our message",
    "news of an earlier attempt",
    "earlier attempt got through",
    "earlier attempt failed",
    "sent again when failed",
    "sent again when uncertain",
}


def test_status_is_what_the_model_says_whatever_happens(acme: Team, rival: Team):
    reached: Counter[str] = Counter()

    run_state_machine_as_test(
        lambda: Statuses((acme, rival), reached),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),  # a database is slow, and meant to be here
        ),
    )

    assert reached.keys() == REACHED
