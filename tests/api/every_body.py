"""The collection of webhook bodies, addressed to numbers of ours, and what is stored of them.

What a body contains is counted here from its JSON, without the product's own reader.
"""

import copy
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests import factories
from tests.contracts import read_bodies
from tests.factories import Number, Team
from tests.table_rows import rows

FIELDS = frozenset({"messages", "smb_message_echoes", "user_preferences", "calls"})
KINDS = ("messages", "statuses", "message_echoes")


@dataclass(frozen=True, slots=True, order=True)
class Update:
    """One message (`word` is empty) or one status, and Meta's id of the number it came to."""

    number: str | None
    wamid: str
    word: str = ""


def values_in(body: Any) -> Iterator[dict[str, Any]]:
    """Yield what the changes say whose value lists messages, statuses, echoes or wishes."""
    for entry in body["entry"]:
        for change in entry["changes"]:
            if change["field"] in FIELDS:
                yield change["value"]


def updates_in(body: Any) -> list[Update]:
    """Return what a body tells; a call is told once, when it has ended."""
    told = [
        Update(value["metadata"]["phone_number_id"], raw["id"], raw.get("status", ""))
        for value in values_in(body)
        for kind in KINDS
        for raw in value.get(kind, [])
    ]
    calls = [
        Update(value["metadata"]["phone_number_id"], raw["id"])
        for value in values_in(body)
        for raw in value.get("calls", [])
        if raw["event"] == "terminate"
    ]
    return told + calls


def reported_in(body: Any) -> list[tuple[str, Any]]:
    """Return the errors that belong to no message, each with its number."""
    return [
        (value["metadata"]["phone_number_id"], fault["code"])
        for value in values_in(body)
        for fault in value.get("errors", [])
    ]


def wishes_in(body: Any) -> set[tuple[str, int, bool]]:
    """Return what customers want: who, when, and whether it is a yes."""
    return {
        (raw["wa_id"], int(raw["timestamp"]), raw["value"] != "stop")
        for value in values_in(body)
        for raw in value.get("user_preferences", [])
    }


def wishes() -> list[tuple[str, int, bool]]:
    """Return what was written down of what customers want."""
    found = rows(
        """
        SELECT ltrim(c.phone_number, '+'), extract(epoch FROM e.said_at)::bigint, e.is_given
        FROM consent_entries e JOIN contacts c ON c.id = e.contact_id
        """
    )
    return [(phone, at, is_given) for phone, at, is_given in found]


def stored() -> Counter[Update]:
    """Return every message and status that was applied, as often as it is there."""
    found = rows(
        """
        SELECT p.meta_phone_number_id, u.wamid, u.word FROM (
            SELECT workspace_id, phone_number_id, wamid, '' AS word FROM messages
            UNION ALL SELECT workspace_id, phone_number_id, wamid, status FROM message_statuses
        ) u JOIN phone_numbers p ON p.workspace_id = u.workspace_id AND p.id = u.phone_number_id
        """
    )
    return Counter(Update(*one) for one in found)


def parked() -> list[tuple[Update, str]]:
    """Return the messages and statuses that were put aside, each once, with the reason."""
    found = rows(
        """
        SELECT payload -> 'metadata' ->> 'phone_number_id', wa_message_id,
            coalesce(payload -> 'statuses' -> 0 ->> 'status', ''), error
        FROM messages_unprocessed
        WHERE NOT payload ? 'errors' AND NOT payload ? 'user_preferences'
        """
    )
    return [(Update(*one[:3]), one[3]) for one in found]


def reported() -> list[tuple[str, Any]]:
    """Return the errors that were put aside for a person, each once, with its number."""
    return rows(
        """
        SELECT payload -> 'metadata' ->> 'phone_number_id', payload -> 'errors' -> 0 -> 'code'
        FROM messages_unprocessed WHERE payload ? 'errors'
        """
    )


class Addressed:
    """Every body, addressed to numbers of one account of a workspace.

    The sources reuse their message ids for different messages. Such bodies go to different
    numbers, where an id names one message, so that nothing of them has to be merged.
    """

    def __init__(self, team: Team) -> None:
        self.account = team.number
        self._team = team
        self._numbers: list[Number] = []
        self._taken: list[set[Update]] = []
        self.bodies = {name: self._address(body) for name, body in read_bodies().items()}

    @property
    def updates(self) -> list[Update]:
        return [update for body in self.bodies.values() for update in updates_in(body)]

    def raw(self) -> list[bytes]:
        return [json.dumps(body).encode() for body in self.bodies.values()]

    def lane(self, meta_id: str) -> int:
        """Return the place of a number among this workspace's."""
        return [number.meta_id for number in self._numbers].index(meta_id)

    def _address(self, original: Any) -> Any:
        body = copy.deepcopy(original)
        lanes: dict[str, int] = {}
        for meta_id in {update.number: None for update in updates_in(original)}:
            ids = {
                Update(None, one.wamid, one.word)
                for one in updates_in(original)
                if one.number == meta_id
            }
            lanes[str(meta_id)] = self._lane_for(ids, lanes.values())
        for value in values_in(body):
            lane = lanes.get(value["metadata"]["phone_number_id"], 0)
            value["metadata"]["phone_number_id"] = self._number(lane).meta_id
        return body

    def _lane_for(self, ids: set[Update], used: Iterable[int]) -> int:
        for lane in count():
            self._number(lane)
            if lane not in used and not self._taken[lane] & ids:
                self._taken[lane] |= ids
                return lane
        raise AssertionError

    def _number(self, lane: int) -> Number:
        while lane >= len(self._numbers):
            self._numbers.append(
                factories.connect_number(
                    self._team.id,
                    waba_id=self.account.waba_id,
                    app_secret=self.account.app_secret,
                    verify_token=self.account.verify_token,
                )
            )
            self._taken.append(set())
        return self._numbers[lane]
