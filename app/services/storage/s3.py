"""Files in an S3 bucket; large ones go up in parts that become one object at the end."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.config import settings
from app.services.storage.stored import CHUNK, Missing, StorageFailed, Stored

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import S3Config

CONNECT_S, TOTAL_S, RETRIES = 5, 120, 3


class S3Storage:
    """A bucket and a prefix; credentials and region as set, else as AWS's own tools find them."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def put(self, key: str, source: Path) -> None:
        """Keep a copy of a finished file under a key; one that was there is replaced.

        Raises:
            StorageFailed: the bucket refused or cannot be reached; nothing has changed.
        """
        try:
            obstore.put(self._store, key, source)
        except (BaseError, OSError) as error:
            raise StorageFailed from error

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Stored:
        """Return a file, or a stretch of it.

        Raises:
            Missing: there is none.
            StorageFailed: the bucket refused or cannot be reached.
        """
        options: Any = {}
        if start or length is not None:
            options["range"] = (start, start + length) if length is not None else {"offset": start}
        try:
            if length == 0:
                return Stored(int(obstore.head(self._store, key)["size"]), iter(()))
            found = obstore.get(self._store, key, options=options)
        except FileNotFoundError as error:
            raise Missing from error
        except (BaseError, OSError) as error:
            raise StorageFailed from error
        return Stored(int(found.meta["size"]), _chunks(found))

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error.

        Raises:
            StorageFailed: it is still there.
        """
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StorageFailed from error

    def tidy(self) -> int:
        """Do nothing: a bucket shows no file before all of it is there."""
        return 0

    @cached_property
    def _store(self) -> S3Store:
        here = settings()
        given: S3Config = {}
        if here.aws_endpoint_url_s3:
            given["endpoint"] = here.aws_endpoint_url_s3
        if here.aws_region:
            given["region"] = here.aws_region
        if here.aws_access_key_id:
            given["access_key_id"] = here.aws_access_key_id
            given["secret_access_key"] = here.aws_secret_access_key
        return S3Store(
            self._bucket,
            prefix=self._prefix or None,
            config=given,
            client_options={
                "allow_http": here.aws_endpoint_url_s3.startswith("http://"),
                "connect_timeout": dt.timedelta(seconds=CONNECT_S),
                "timeout": dt.timedelta(seconds=TOTAL_S),
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": dt.timedelta(seconds=TOTAL_S),
            },
        )


def _chunks(found: "GetResult") -> Iterator[bytes]:
    for chunk in found.stream(min_chunk_size=CHUNK):
        yield bytes(chunk)
