"""What a banner says is a whole sentence, whatever Meta leaves out."""

import pytest

from app.services import notice_words


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("account_alerts.", "", "Meta warns about your WhatsApp account."),
        ("account_review", "", "Meta has not approved your business."),
        ("account_alerts.ODD", "", "Meta warns about your WhatsApp account: ODD"),
        ("account_alerts.X", "TOO_MANY", "Meta warns about your WhatsApp account: too many"),
    ],
)
def test_sentence_of_an_alert_that_is_not_known(kind: str, text: str, sentence: str):
    assert notice_words.sentence(kind, text) == sentence
    assert notice_words.remedy(kind)
