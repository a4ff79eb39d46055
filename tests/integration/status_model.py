"""What a message's status has to be, told without a database: the model of the stateful test."""

from dataclasses import dataclass, field

from app.models.enums import MessageStatus
from app.services.outbox.record import MAX_ATTEMPTS

BUSY, REFUSED = 131000, 131026  # may be tried again by a person; may not
REPEATABLE = {BUSY}


@dataclass(slots=True, eq=False)
class Sending:
    """One transmission; Meta's id of it is known to us only when an answer or news bring it."""

    wamid: str
    attempt: int
    is_heard_of: bool = False


@dataclass(slots=True, eq=False)
class Model:
    """A message, its sendings, and all that was said about them."""

    status: MessageStatus = MessageStatus.QUEUED
    wamid: str | None = None
    code: int | None = None
    attempt: int = 0
    transmissions: int = 0
    sendings: list[Sending] = field(default_factory=list)
    news: dict[tuple[str, str], int | None] = field(default_factory=dict)

    @property
    def may_be_sent_again(self) -> bool:
        if self.status is MessageStatus.FAILED:
            return self.code in REPEATABLE
        return self.status is MessageStatus.UNCERTAIN

    @property
    def forgotten(self) -> list[Sending]:
        """Sendings of earlier attempts of which nothing was heard, while nothing else is known."""
        earlier = [one for one in self.sendings if one.attempt < self.attempt]
        return [one for one in earlier if not one.is_heard_of and self.wamid is None]

    def claimed(self, sending: Sending) -> None:
        self.status = MessageStatus.SENDING
        self.transmissions += 1
        self.sendings.append(sending)

    def accepted(self, sending: Sending) -> None:
        if sending.attempt == self.attempt:
            self.wamid = self.wamid or sending.wamid
            self._raise(MessageStatus.SENT)
        self._take_news()

    def unseen(self, sending: Sending) -> None:
        if sending.attempt == self.attempt:
            self._raise(MessageStatus.UNCERTAIN)

    def refused(self, sending: Sending, code: int) -> None:
        """Meta took nothing, so nothing will ever be heard of this sending."""
        self.sendings.remove(sending)
        if sending.attempt != self.attempt:
            return
        if code in REPEATABLE and self.transmissions < MAX_ATTEMPTS:
            if self.status is MessageStatus.SENDING:
                self.status, self.code = MessageStatus.QUEUED, code
        else:
            self._raise(MessageStatus.FAILED, code)

    @property
    def may_be_given_up(self) -> bool:
        return self.status is MessageStatus.QUEUED and self.code is not None

    def given_up(self) -> None:
        self._raise(MessageStatus.FAILED, self.code)

    def lease_ended(self) -> None:
        self._raise(MessageStatus.UNCERTAIN)

    def sent_again(self) -> None:
        self.status, self.wamid, self.code = MessageStatus.QUEUED, None, None
        self.attempt, self.transmissions = self.attempt + 1, 0

    def heard(self, sending: Sending, words: list[str], code: int, *, is_named: bool) -> None:
        """Take news about one sending; `is_named` if our own id came back with them.

        Of an earlier attempt, the first news count, and only if they say that it got through.
        """
        is_first = all(wamid != sending.wamid for wamid, _ in self.news)
        got_through = any(word != MessageStatus.FAILED for word in words)
        counts = sending.attempt == self.attempt or (is_first and got_through)
        for word in words:
            error = code if word == MessageStatus.FAILED else None
            self.news.setdefault((sending.wamid, word), error)
        if self.wamid is None and is_named and counts:
            self.wamid = sending.wamid
        self._take_news()
        sending.is_heard_of = True

    def _take_news(self) -> None:
        for (wamid, word), code in self.news.items():
            if wamid == self.wamid:
                self._raise(MessageStatus(word), code)

    def _raise(self, status: MessageStatus, code: int | None = None) -> None:
        if status.rank > self.status.rank:
            self.status, self.code = status, code
