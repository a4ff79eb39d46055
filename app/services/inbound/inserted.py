"""A message that a batch has added, as its thread and the list see it."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.models.enums import MessageType
from app.services.inbound import content
from app.services.whatsapp.payloads import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """A message that is new, with what its thread shows of it."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    contact_id: UUID
    type: MessageType
    sent_at: dt.datetime
    preview: str | None
    sender_name: str | None
    is_echo: bool
    media: Media | None = None

    @property
    def order(self) -> tuple[dt.datetime, UUID]:
        """Its place in the thread."""
        return self.sent_at, self.id

    @property
    def is_unread(self) -> bool:
        """Whether somebody should look at it."""
        return not self.is_echo and content.counts_as_unread(self.type)

    @property
    def rank(self) -> tuple[bool, dt.datetime, UUID]:
        """What the list shows as newest: a reaction or an edit only where nothing else was said."""
        return (self.type not in content.AMENDMENTS, *self.order)

    @property
    def window(self) -> dt.datetime | None:
        """Until when one may answer freely because of it."""
        return None if self.is_echo else content.window_after(self.type, self.sent_at)
