"""Which dead letters may be sent again, and to where: the plan, before anything is sent.

A letter goes back to the topic that it came from, to its partition, as the bytes that it was. So it
is read once more, as a worker would read it: what will fail again stays, unless it is wanted
anyway. A record whose key was wrong can be mended: its key is taken from a field of the event
(`--key-from session_id`), and with the key goes the partition, chosen as the senders of events do.

What was sent again and came back has a successor among the letters; that one may go, not its
predecessor once more. What was sent again and did not come back is an event by now: it stays,
unless it is wanted once more. Nothing that is wrong with one letter stops the others.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from streams.contract.errors import InvalidEvent
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import NO_LETTER, DeadLetter
from streams.operations.dead_letters.partitioners import Partitioner, murmur2


class ReplayRules(NamedTuple):
    """What a letter has to be to go."""

    settings: Settings
    partitions: int
    """Of the events topic, now."""
    key_from: str | None = None
    """The field of the event that is its key from now on; None: it keeps the key that it has."""
    anyway: bool = False
    """Send also what will fail again."""
    again: bool = False
    """Send also what was sent again before."""
    partitioner: Partitioner = murmur2
    """How the senders of events choose a partition by the key; used with `key_from`."""

    def because_not(self, letter: DeadLetter, now_ms: int) -> str:
        """Why a letter may not be sent again; empty when it may."""
        if because := letter.because_not(self.settings):
            return because
        partition = self.partition(letter)
        if partition >= self.partitions:
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

    def partition(self, letter: DeadLetter) -> int:
        """The partition to send it to: the one that it came from, or that of its new key."""
        if self.key_from is None:
            return letter.cause.partition if letter.cause else 0
        return self.partitioner(self.key(letter) or b"", self.partitions)

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
    sent_before: dict[str, str] = field(default_factory=dict)
    """What stays because it was sent again before, and did not come back."""

    unmarked: dict[str, str] = field(default_factory=dict)
    """What was sent, and why it has no mark."""

    def became(self, refused: Mapping[str, str], unmarked: Mapping[str, str]) -> None:
        """What became of those that were allowed."""
        self.allowed = [one for one in self.allowed if one not in refused]
        self.refused |= refused
        self.unmarked |= unmarked

    def refuse_missing(self, ids: Iterable[str]) -> None:
        """Ids of which nothing was found: retention took them, or there never were such letters."""
        for one in ids:
            if one not in self.allowed and one not in self.sent_before:
                self.refused.setdefault(one, NO_LETTER.format(one))


def plan(
    chosen: Iterable[DeadLetter],
    rules: ReplayRules,
    came_back: Mapping[str, str] | None = None,
    sent_ms: Mapping[str, int] | None = None,
) -> ReplayPlan:
    """Look at each letter.

    `came_back` has the successors, by id, of those that have one; `sent_ms`, when letters were sent
    again, of those that were.
    """
    made, now_ms = ReplayPlan(), int(time.time() * 1000)
    for one in chosen:
        successor = (came_back or {}).get(one.id)
        if successor:
            made.refused[one.id] = f"it was sent again, and came back as {successor}"
        elif (at_ms := (sent_ms or {}).get(one.id)) is not None and not rules.again:
            made.sent_before[one.id] = f"it was sent again {day(at_ms)}; --again sends it once more"
        elif because := rules.because_not(one, now_ms):
            made.refused[one.id] = because
        else:
            made.allowed.append(one.id)
    return made


def day(time_ms: int) -> str:
    """A time of a record, for people.

    >>> day(1767225600000), day(10**18)
    ('2026-01-01 00:00 UTC', 'at 1000000000000000000 ms')
    """
    try:
        return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return f"at {time_ms} ms"


def successors(found: Iterable[DeadLetter]) -> dict[str, str]:
    """Of each letter that was sent again and came back: the latest letter that it came back as."""
    return {
        one.cause.replayed_from: one.id
        for one in found
        if one.cause is not None and one.cause.replayed_from
    }
