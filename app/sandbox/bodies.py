"""Webhook bodies: which updates share one, how they are written and signed.

Bodies are written as Meta writes them, non-ASCII as `\\uXXXX` and `/` as `\\/`, so a receiver that
checks the signature over anything but the raw bytes is found out.
"""

import hashlib
import hmac
import random
from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.behaviours import Behaviour
from app.sandbox.updates import Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One POST to one callback."""

    updates: tuple[Update, ...]
    copies: int = 1

    @property
    def raw(self) -> bytes:
        changes = ",".join(
            f'{{"value":{update.value_json},"field":"{update.field}"}}' for update in self.updates
        )
        entry = f'{{"id":"{self.updates[0].waba_id}","changes":[{changes}]}}'
        text = f'{{"object":"whatsapp_business_account","entry":[{entry}]}}'
        return text.replace("/", "\\/").encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with a group of due updates of one number: lanes are sent side by side."""

    lanes: tuple[tuple[Body, ...], ...]
    dropped: tuple[Update, ...]


def plan(updates: Sequence[Update], behaviour: Behaviour, rng: random.Random) -> Plan:
    """Drop, shuffle, combine and duplicate as asked; a lane keeps one customer's order."""
    kept: list[Update] = []
    dropped: list[Update] = []
    for update in updates:
        is_dropped = update.attempts == 0 and rng.random() < behaviour.drop
        (dropped if is_dropped else kept).append(update)
    if behaviour.reorder:
        rng.shuffle(kept)
    groups = _one_lane(kept, behaviour.batch) if behaviour.is_grouped else _lanes(kept)
    lanes = tuple(
        tuple(
            Body(updates=tuple(group), copies=2 if rng.random() < behaviour.duplicate else 1)
            for group in lane
        )
        for lane in groups
    )
    return Plan(lanes=lanes, dropped=tuple(dropped))


def sign(app_secret: str, raw: bytes) -> str:
    """Return the value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()


def _one_lane(updates: Sequence[Update], size: int) -> list[list[Sequence[Update]]]:
    return [[updates[start : start + size] for start in range(0, len(updates), size)]]


def _lanes(updates: Sequence[Update]) -> list[list[Sequence[Update]]]:
    lanes: dict[int, list[Sequence[Update]]] = {}
    for update in updates:
        lanes.setdefault(update.customer_id, []).append([update])
    return list(lanes.values())
