"""Files are whole or not there, on the disk and in a bucket of a real S3 server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.clock import utc_now
from app.config import configure
from app.ids import new_id
from app.services import storage as namespace
from app.services.storage import Missing, StorageFailed, new_key, storage
from app.services.storage.local import LocalStorage
from app.services.storage.s3 import S3Storage
from tests.integration.s3_server import BUCKET, KEY, SECRET, s3_server

LARGE = 12_000_000  # more than one part of an upload


@pytest.fixture(scope="module")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(params=["disk", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> LocalStorage | S3Storage:
    """Each kind of storage, as the settings choose it."""
    namespace._storage.cache_clear()
    if request.param == "disk":
        configure(storage_url=(tmp_path / "a folder with spaces").as_uri())
    else:
        configure(
            storage_url=f"s3://{BUCKET}/some/prefix",
            aws_endpoint_url_s3=request.getfixturevalue("s3_address"),
            aws_region="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
    return storage()


@pytest.fixture
def key() -> str:
    return new_key(new_id(), new_id(), utc_now())


Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(data: bytes) -> Path:
        path = tmp_path / f"source-{new_id()}"
        path.write_bytes(data)
        return path

    return make


def read(kept: LocalStorage | S3Storage, key: str) -> bytes:
    return b"".join(kept.open(key).chunks)


def test_what_was_put_is_read_and_replaced_whole(
    kept: LocalStorage | S3Storage, key: str, write: Write
) -> None:
    kept.put(key, write(b"first"))
    assert (kept.open(key).size, read(kept, key)) == (5, b"first")

    kept.put(key, write(b"and then the second"))
    assert read(kept, key) == b"and then the second"


def test_a_large_file_and_any_stretch_of_it(
    kept: LocalStorage | S3Storage, key: str, write: Write
) -> None:
    data = os.urandom(1000) * (LARGE // 1000)
    kept.put(key, write(data))

    assert read(kept, key) == data
    for start, length in ((0, 1), (999, 300_000), (LARGE - 10, 10), (0, LARGE)):
        found = kept.open(key, start=start, length=length)
        assert (found.size, b"".join(found.chunks)) == (LARGE, data[start : start + length])
    rest = kept.open(key, start=LARGE - 7)
    assert b"".join(rest.chunks) == data[-7:]


def test_an_empty_file_is_a_file(kept: LocalStorage | S3Storage, key: str, write: Write) -> None:
    kept.put(key, write(b""))

    found = kept.open(key, start=0, length=0)
    assert (found.size, b"".join(found.chunks)) == (0, b"")


def test_what_is_not_there_is_missing_and_deleting_it_is_no_error(
    kept: LocalStorage | S3Storage, key: str, write: Write
) -> None:
    with pytest.raises(Missing):
        kept.open(key)
    kept.put(key, write(b"x"))
    kept.delete(key)
    kept.delete(key)
    with pytest.raises(Missing):
        kept.open(key)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, write: Write) -> None:
    kept = LocalStorage(str(tmp_path / "files"))
    kept.put("a/b", write(b"old"))

    with pytest.raises(StorageFailed):
        kept.put("a/b", tmp_path / "no such source")

    assert read(kept, "a/b") == b"old"  # type: ignore[arg-type]  # one of the two
    assert [one.name for one in (tmp_path / "files" / "a").iterdir()] == ["b"]


def test_no_bucket_at_all_is_said_in_words(key: str, write: Write) -> None:
    configure(aws_endpoint_url_s3="http://127.0.0.1:9", aws_access_key_id="x",
              aws_secret_access_key="y", aws_region="z")  # fmt: skip
    nowhere = S3Storage("media", "")

    for ask in (lambda: nowhere.put(key, write(b"x")), lambda: nowhere.open(key),
                lambda: nowhere.delete(key)):  # fmt: skip
        with pytest.raises(StorageFailed):
            ask()


def test_files_are_nobody_elses_on_this_machine(tmp_path: Path, write: Write) -> None:
    LocalStorage(str(tmp_path / "files")).put("a/b", write(b"x"))

    assert (tmp_path / "files" / "a" / "b").stat().st_mode & 0o077 == 0


KILLED = """
import sys
from pathlib import Path
from app.config import configure
from app.services.storage.local import LocalStorage
configure(crash_point="storage.synced" if sys.argv[3] == "crash" else "")
LocalStorage(sys.argv[1]).put("w/2026/f", Path(sys.argv[2]))
"""


def test_killed_before_the_rename_there_is_no_file_and_the_next_try_makes_it_whole(
    tmp_path: Path, write: Write
) -> None:
    source, root = write(os.urandom(3_000_000)), tmp_path / "files"

    def put(how: str) -> int:
        command = [sys.executable, "-c", KILLED, str(root), str(source), how]
        return subprocess.run(command, check=False, timeout=60).returncode

    assert put("crash") == -signal.SIGKILL
    with pytest.raises(Missing):
        LocalStorage(str(root)).open("w/2026/f")
    assert put("live") == 0
    assert (root / "w/2026/f").read_bytes() == source.read_bytes()


def test_killed_at_any_moment_a_reader_sees_all_or_nothing(tmp_path: Path, write: Write) -> None:
    old, new = b"o" * 20_000_000, b"n" * 20_000_000
    root = tmp_path / "files"
    kept = LocalStorage(str(root))
    kept.put("w/2026/f", write(old))
    source = write(new)

    for pause_s in (0.35, 0.4, 0.45, 0.5, 0.6):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(root), str(source), "live"])
        time.sleep(pause_s)
        child.kill()
        child.wait()
        assert (root / "w/2026/f").read_bytes() in {old, new}
