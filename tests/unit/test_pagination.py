"""Cursors come back as they were, and nothing else is one."""

import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pagination import Cursor

TIMES = st.datetimes(
    min_value=dt.datetime(1970, 1, 1),  # noqa: DTZ001  # Hypothesis adds the zone
    max_value=dt.datetime(2200, 1, 1),  # noqa: DTZ001  # same
    timezones=st.just(dt.UTC),
)


@given(at=TIMES, key=st.uuids())
def test_cursor_comes_back_as_it_was(at: dt.datetime, key):
    text = Cursor(at, key).encode()

    assert Cursor.decode(text) == Cursor(at, key)
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")


@given(text=st.text())
def test_any_other_text_is_no_cursor_and_no_crash(text: str):
    found = Cursor.decode(text)

    assert found is None or Cursor.decode(found.encode()) == found


@given(raw=st.text())
def test_encoded_nonsense_is_no_cursor_and_no_crash(raw: str):
    text = base64.urlsafe_b64encode(raw.encode("utf-8", "replace")).decode()

    assert Cursor.decode(text) is None or "|" in raw


@pytest.mark.parametrize("at", ["nan", "inf", "-inf", "1e300", "-1e15", "", "99999999999999"])
def test_time_that_is_none_is_no_cursor(at: str):
    raw = f"{at}|019a0c5e-7b1f-7c3d-9e2a-123456789012"

    assert Cursor.decode(base64.urlsafe_b64encode(raw.encode()).decode()) is None
