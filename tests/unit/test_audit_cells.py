"""No cell of an exported diary is calculated by a spreadsheet."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.services.audit import FORMULA, _cell

LEADS = st.text(alphabet=" \t\r\n\0\ufeff\u200b\u00a0\u2060=+-@|%\"';", max_size=6)


@given(text=st.builds(str.__add__, LEADS, st.text(max_size=12)))
@example("\t=1+1")
@example("\r\n=1+1")
@example(" \u200b =1+1")
@example("\uff1d1+1")
def test_no_text_begins_like_a_formula(text: str):
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_cell(text)])

    (read,) = next(csv.reader(io.StringIO(line.getvalue())))

    assert not read.strip().startswith(FORMULA)
    assert "\r" not in read
    assert "\n" not in read


@pytest.mark.parametrize("text", ["Ana", "a=b", "1+1", "person@example.com", ""])
def test_ordinary_text_stays_as_it_is(text: str):
    assert _cell(text) == text
