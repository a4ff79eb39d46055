"""Answering in an open conversation with more than text: files, quotes, reactions, places, cards.

Each queues one message; the same `client_ref` again returns the first. All raise what
`sending.send` does, and NotFound for what they refer to.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.actor import Actor, Permission
from app.ids import parse_id
from app.services import sending, writing
from app.services.media.kinds import MediaKind
from app.services.messages import MessageView
from app.services.sending import Written

MOST_FILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was brought, as what it goes out, and with which words."""

    id: UUID
    kind: MediaKind
    caption: str
    client_ref: UUID


def send(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    message: Written,
    client_ref: UUID,
    answers: UUID | None = None,
) -> MessageView:
    """Queue a message, perhaps quoting another one."""
    actor.require(Permission.MESSAGE_SEND)
    if answers is not None:
        message = writing.answering(session, actor, answers, message)
    return sending.send(session, actor, conversation_id, message=message, client_ref=client_ref)


def send_text(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    text: str,
    client_ref: UUID,
    answers: UUID | None = None,
) -> MessageView:
    """Queue a text, perhaps quoting another message."""
    actor.require(Permission.MESSAGE_SEND)
    message = sending.text_of(text)
    return send(
        session, actor, conversation_id, message=message, client_ref=client_ref, answers=answers
    )


def send_file(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    file: File,
    answers: UUID | None = None,
) -> MessageView:
    """Queue a file that was brought before; a sound of Opus goes out as a voice message."""
    actor.require(Permission.MESSAGE_SEND)
    message = writing.file(session, actor, file.kind, file.id, caption=file.caption, is_voice=True)
    return send(
        session, actor, conversation_id, message=message, client_ref=file.client_ref,
        answers=answers,
    )  # fmt: skip


def read_files(given: object) -> list[File]:
    """Return the files that a page names; what is none is left out."""
    found = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    read = [
        (parse_id(str(one.get("id"))), str(one.get("kind")), parse_id(str(one.get("client_ref"))),
         str(one.get("caption") or ""))
        for one in found[:MOST_FILES]
    ]  # fmt: skip
    return [
        File(id=file_id, kind=MediaKind(kind), caption=caption, client_ref=client_ref)
        for file_id, kind, client_ref, caption in read
        if file_id and client_ref and kind in set(MediaKind)
    ]


def react(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    message_id: UUID,
    emoji: str,
    client_ref: UUID,
) -> MessageView:
    """Queue an emoji on a message of the conversation; an empty one takes ours back."""
    actor.require(Permission.MESSAGE_SEND)
    message = writing.react(session, actor, message_id, emoji)
    return sending.send(session, actor, conversation_id, message=message, client_ref=client_ref)
