"""The diary speaks words for everything that services write down."""

import re

import pytest

from app.actor import Role
from app.services.audit_words import ACTIONS, NOUNS, details_line
from tests.architecture.source import APP, calls, python_files, text_of, tree_of

ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def written_down() -> set[str]:
    """Return every action that a service hands to `audit.record`, by whatever helper."""
    texts = {
        text_of(node)
        for path in python_files(APP / "services")
        if "audit" in path.read_text()
        for call in calls(tree_of(path))
        for node in call.args
    }
    nouns = tuple(f"{noun}." for noun in NOUNS)
    return {text for text in texts if text and ACTION.fullmatch(text) and text.startswith(nouns)}


def test_every_entry_and_every_noun_has_words():
    assert len(written_down()) > 20
    assert written_down() <= set(ACTIONS)
    assert {action.partition(".")[0] for action in ACTIONS} == set(NOUNS)


@pytest.mark.parametrize(
    ("details", "line"),
    [
        ({}, ""),
        ({"member": "a@b.example", "before": Role.AGENT.value, "after": Role.ADMIN.value},
         "a@b.example · Agent → Admin"),
        ({"email": "a@b.example", "role": Role.VIEWER.value}, "a@b.example · Viewer"),
        ({"why": "code", "provider": "acme"}, "wrong code · acme"),
        ({"why": "something new"}, "something new"),
        ({"before": {"name": "A", "time_zone": "UTC"}, "after": {"name": "B", "time_zone": "UTC"}},
         "A → B"),
        ({"provider": None}, ""),
    ],
)  # fmt: skip
def test_details_are_one_readable_line(details: dict[str, object], line: str):
    assert details_line(details) == line
