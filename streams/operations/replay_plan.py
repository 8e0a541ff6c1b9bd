"""Which dead letters may be sent again, and how: a plan first, then the sending.

A letter goes back to the topic that it came from, to its partition, as the bytes that it was. So it
is read once more, as a worker would read it: what will fail again stays, unless it is wanted
anyway. A record whose key was wrong can be mended: its key is taken from a field of the event
(`--key-from session_id`), and with the key goes the partition.

What was sent again and came back has a successor among the letters; that one may go, not its
predecessor once more. Nothing that fails for one letter stops the others.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams.clients.sync_kafka import TOO_LARGE, open_producer
from streams.contract.dead_letters import replay_headers
from streams.contract.errors import InvalidEvent
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.operations.letters import DeadLetter

IN_FLIGHT_MAX = 64
"""Letters sent and not yet acknowledged."""


class ReplayRules(NamedTuple):
    """What a letter has to be to go."""

    settings: Settings
    partitions: int
    """Of the events topic, now."""
    key_from: str | None = None
    """The field of the event that is its key from now on; None: it keeps the key that it has."""
    anyway: bool = False
    """Send also what will fail again."""

    def because_not(self, letter: DeadLetter, now_ms: int) -> str:
        """Why a letter may not be sent again; empty when it may."""
        if because := letter.because_not(self.settings):
            return because
        partition = letter.cause.partition if letter.cause else 0
        if self.key_from is None and partition >= self.partitions:
            return (
                f"its partition {partition} is gone, {letter.cause and letter.cause.topic} has "
                f"{self.partitions}: --key-from session_id sends it by its key"
            )
        key = self.key(letter)
        if key is None and self.key_from is not None:
            return f"its value has no {self.key_from}, or it is no text"
        return "" if self.anyway else self._fails_again(letter, key, now_ms)

    def key(self, letter: DeadLetter) -> bytes | None:
        """The key to send it with."""
        if self.key_from is None:
            return letter.record.key
        try:
            found = json.loads(letter.record.value or b"")[self.key_from]
            return found.encode() if isinstance(found, str) else None
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None

    def _fails_again(self, letter: DeadLetter, key: bytes | None, now_ms: int) -> str:
        try:
            decode(key, letter.record.value, timestamp_ms=now_ms, settings=self.settings)
        except InvalidEvent as invalid:
            mend = "; --key-from session_id mends it" if invalid.reason == "wrong_key" else ""
            return f"it will fail again, its bytes are unchanged: {invalid.reason}, {invalid}{mend}"
        return ""


@dataclass
class ReplayPlan:
    """What may be sent again, and why the rest may not: ids only, letters can be large."""

    allowed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def plan(
    chosen: Iterable[DeadLetter], rules: ReplayRules, came_back: dict[str, str] | None = None
) -> ReplayPlan:
    """Look at each letter; `came_back` has the successors, by id, of those that have one."""
    made, now_ms = ReplayPlan(), int(time.time() * 1000)
    for one in chosen:
        successor = (came_back or {}).get(one.id)
        if successor:
            made.refused[one.id] = f"it was sent again, and came back as {successor}"
        elif because := rules.because_not(one, now_ms):
            made.refused[one.id] = because
        else:
            made.allowed.append(one.id)
    return made


def successors(found: Iterable[DeadLetter]) -> dict[str, str]:
    """Of each letter that was sent again and came back: the latest letter that it came back as."""
    return {
        one.cause.replayed_from: one.id
        for one in found
        if one.cause is not None and one.cause.replayed_from
    }


def send_again(rules: ReplayRules, chosen: Iterable[DeadLetter]) -> dict[str, str]:
    """Send letters; returns when the brokers have them, with those that they did not take, and why.

    A header without a value is sent as an empty one: kafka-python writes no other. One that is sent
    twice does no harm, so the producer need not be idempotent.
    """
    refused: dict[str, str] = {}
    with open_producer(rules.settings, idempotent=False) as producer:
        sent: list[tuple[str, Any]] = []
        for one in chosen:
            try:
                sent.append((one.id, _send(producer, one, rules)))
            except TOO_LARGE:
                refused[one.id] = _too_large(one)
            if len(sent) >= IN_FLIGHT_MAX:
                refused |= _acknowledged(*sent.pop(0), rules.settings)
        for letter_id, future in sent:
            refused |= _acknowledged(letter_id, future, rules.settings)
    return refused


def _acknowledged(letter_id: str, future: Any, settings: Settings) -> dict[str, str]:
    try:
        future.get(timeout=settings.kafka_timeout_s)
    except TOO_LARGE:
        return {letter_id: _too_large(None)}
    return {}


def _too_large(letter: DeadLetter | None) -> str:
    size = f" ({len(letter.record.value or b''):,} bytes)" if letter else ""
    return f"with the headers of a replay it is larger than the topic allows{size}"


def _send(producer: Any, letter: DeadLetter, rules: ReplayRules) -> Any:
    assert letter.cause is not None  # noqa: S101  # the plan has refused it
    headers = replay_headers(letter.cause, letter.id)
    return producer.send(
        letter.cause.topic,
        key=rules.key(letter),
        value=letter.record.value,
        partition=letter.cause.partition if rules.key_from is None else None,
        headers=[(name, value or b"") for name, value in headers],
    )
