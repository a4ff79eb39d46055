"""Files that nobody sent are forgotten after two days; what a message shows stays."""

import io
import os
from pathlib import Path
from uuid import UUID

import pytest

from app import db
from app.config import configure
from app.ids import new_id
from app.services import sending, writing
from app.services.media import unused, uploads
from app.services.media.keep import thumbnail_key
from app.services.media.kinds import MediaKind
from app.services.storage import Missing, storage
from tests.api.sent_kinds import picture
from tests.factories import Team, make_conversation
from tests.table_rows import count, execute, value


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


def bring(team: Team, *, days_ago: int) -> UUID:
    file = uploads.bring(
        team.agent, io.BytesIO(picture()), filename="cup.jpg", declared="image/jpeg"
    )
    execute(
        "UPDATE media_files SET created_at = now() - make_interval(days => %s) WHERE id = %s",
        days_ago,
        file.id,
    )
    return file.id


def key_of(file_id: UUID) -> str:
    return str(value("SELECT storage_key FROM media_files WHERE id = %s", file_id))


def is_kept(key: str) -> bool:
    try:
        storage().open(key)
        storage().open(thumbnail_key(key))
    except Missing:
        return False
    return True


def send(team: Team, file_id: UUID) -> None:
    conversation = make_conversation(team.number)
    with db.transaction(team.id) as session:
        message = writing.file(session, team.agent, MediaKind.IMAGE, file_id)
        sending.send(session, team.agent, conversation, message=message, client_ref=new_id())


def test_what_nobody_sent_goes_and_what_somebody_sent_stays(acme: Team, rival: Team):
    fresh, old, sent, theirs = (
        bring(acme, days_ago=1), bring(acme, days_ago=3), bring(acme, days_ago=3),
        bring(rival, days_ago=3),
    )  # fmt: skip
    keys = {name: key_of(file_id) for name, file_id in
            {"fresh": fresh, "old": old, "sent": sent, "theirs": theirs}.items()}  # fmt: skip
    send(acme, sent)

    assert unused.purge() == 3

    assert {name: is_kept(key) for name, key in keys.items()} == {
        "fresh": True, "old": False, "sent": True, "theirs": False,
    }  # fmt: skip
    assert count("media_files") == 2
    assert unused.purge() == 0


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path, acme: Team):
    key = key_of(bring(acme, days_ago=0))
    folder = (tmp_path / "files" / key).parent
    fresh, old = folder / ".one.part", folder / ".two.part"
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    unused.purge()

    assert (fresh.exists(), old.exists(), is_kept(key)) == (True, False, True)
