"""The time, in one place, so that tests can freeze it. Always aware, always UTC."""

import datetime as dt


def utc_now() -> dt.datetime:
    """Return the present moment."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # the one place that may
