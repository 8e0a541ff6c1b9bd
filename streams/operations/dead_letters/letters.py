"""The dead letters that the log holds: opened, looked for, counted by what was wrong."""

import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.cli.progress import progressed_between
from streams.clients.log_reader import LogReader, Partition, RawRecord
from streams.contract.dead_letters import REASONS, REPLAYS_MAX, Cause, cause
from streams.contract.errors import GoeswithError, Misconfigured
from streams.contract.settings import Settings
from streams.operations.dead_letters.marks import SentMark, mark

OFFSET_DIGITS_MAX = 19
KINDS_MAX = 1_000
"""Kinds of letters that are told apart; what is beyond is counted together."""
READING = "reading dead letters"
OTHERS = "others: too many kinds to tell apart"
ALL_OTHERS = OTHERS, ""
NO_LETTER = "there is no dead letter {}, or not any more"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, opened."""

    record: RawRecord
    cause: Cause | None
    """None: it was not written by us."""

    @property
    def id(self) -> str:
        """`partition:offset` in the dead-letter topic."""
        return f"{self.record.at.number}:{self.record.offset}"

    @property
    def reason(self) -> str:
        """Why it is here."""
        return self.cause.reason if self.cause else "unknown"

    @property
    def message(self) -> str:
        """What was wrong, for people."""
        return self.cause.message if self.cause else "not written by goeswith"

    def because_not(self, settings: Settings) -> str:
        """Why it may not be sent again; empty when it may."""
        if self.cause is None:
            return "it is no dead letter of goeswith"
        if self.cause.topic != settings.topics.events:
            return f"it came from {self.cause.topic}, which is not {settings.topics.events}"
        if self.cause.replays >= REPLAYS_MAX:
            return f"it has been replayed {self.cause.replays} times, and came back"
        if self.cause.value_bytes is not None:
            left = len(self.record.value or b"")
            return f"its value was cut from {self.cause.value_bytes:,} bytes to {left:,}, to fit"
        if self.record.value is None:
            return "it has no value"
        return ""

    def to_json(self) -> dict[str, Any]:
        """What the list says about it."""
        value = self.record.value
        return {
            "id": self.id,
            "reason": self.reason,
            "from": f"{self.cause.topic}-{self.cause.partition}-{self.cause.offset}"
            if self.cause
            else None,
            "timestamp_ms": self.record.timestamp_ms,
            "bytes": 0 if value is None else len(value),
            "cut_from_bytes": self.cause.value_bytes if self.cause else None,
            "replays": self.cause.replays if self.cause else None,
        }


def opened(record: RawRecord) -> DeadLetter:
    """The letter in a record."""
    return DeadLetter(record, cause(record.headers))


class SentAgain:
    """Which letters of the log were sent again: when last, and how many of each kind."""

    def __init__(self) -> None:
        self.at_ms: dict[str, int] = {}
        """By the letter's id."""
        self.by_kind: Counter[tuple[str, str]] = Counter()

    def note(self, mark: SentMark) -> None:
        """A letter was sent again; once more, perhaps."""
        if mark.letter_id not in self.at_ms:
            self.by_kind[kind_of(mark.reason, mark.message, self.by_kind)] += 1
        self.at_ms[mark.letter_id] = mark.at_ms


def letters(
    reader: LogReader, reason: str | None = None, sent: SentAgain | None = None
) -> Iterator[DeadLetter]:
    """All letters that the log holds now, oldest first by partition.

    `sent` gets to know which of them were sent again: what it says is whole in the end. Raises
    `Misconfigured` in the end when a reason was given that neither one of them nor any dead letter
    has.
    """
    seen: Counter[str] = Counter()
    begins = reader.begins()
    for record in progressed_between(reader.between, begins, reader.ends(), READING):
        if (noted := mark(record)) is not None:
            if sent is not None and place(noted.letter_id)[1] >= begins[record.at]:
                sent.note(noted)
            continue
        letter = opened(record)
        seen[letter.reason if letter.reason in seen or len(seen) < KINDS_MAX else OTHERS] += 1
        if reason in (None, letter.reason):
            yield letter
    check_reason(reason, seen)


def check_reason(reason: str | None, seen: Mapping[str, int]) -> None:
    """Raise `Misconfigured` for a reason that there is not, with those that there are.

    >>> check_reason("nosuch", {"wrong_key": 17})
    Traceback (most recent call last):
      ...
    streams.contract.errors.Misconfigured: no dead letter has the reason 'nosuch'; there are:
    wrong_key (17)
    """
    if reason is None or reason in seen or reason in REASONS:
        return
    there = ", ".join(f"{one} ({number:,})" for one, number in Counter(seen).most_common(20))
    raise Misconfigured(f"no dead letter has the reason {reason!r}; there are: {there or 'none'}")


def letter(reader: LogReader, letter_id: str) -> DeadLetter:
    """The letter of that id; raises `GoeswithError` when there is none."""
    found = find(reader, *place(letter_id))
    if found is None:
        raise GoeswithError(NO_LETTER.format(letter_id))
    return found


def sent_again_ms(reader: LogReader, one: DeadLetter) -> int | None:
    """When a letter was sent again last; None: it was not."""
    at = one.record.at
    begins, ends = {at: one.record.offset + 1}, {at: reader.ends()[at]}
    behind = progressed_between(reader.between, begins, ends, READING)
    marks = (noted for record in behind if (noted := mark(record)) is not None)
    return max((noted.at_ms for noted in marks if noted.letter_id == one.id), default=None)


def place(letter_id: str) -> tuple[int, int]:
    """Partition and offset of an id; raises `Misconfigured` for what is none.

    >>> place("1:42")
    (1, 42)
    """
    number, _, offset = letter_id.partition(":")
    if not (_is_number(number) and _is_number(offset)):
        raise Misconfigured(
            f"{letter_id[:80]!r} is no id: write partition:offset, as the list does"
        )
    return int(number), int(offset)


def find(reader: LogReader, number: int, offset: int) -> DeadLetter | None:
    """The letter at that place; None when there is none, or not any more."""
    at = Partition(reader.partitions[0].topic, number)
    begins, ends = reader.begins(), reader.ends()
    if at in ends and begins[at] <= offset < ends[at]:
        for record in reader.between({at: offset}, {at: offset + 1}):
            return None if mark(record) else opened(record)
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= OFFSET_DIGITS_MAX


def newest(found: Iterable[DeadLetter], limit: int) -> list[DeadLetter]:
    """The newest `limit` letters, newest last; never more than twice as many are held."""
    held: deque[DeadLetter] = deque()
    for one in found:
        held.append(one)
        if len(held) >= 2 * limit:
            held = deque(_by_age(held)[-limit:])
    return _by_age(held)[-limit:]


def _by_age(found: Iterable[DeadLetter]) -> list[DeadLetter]:
    return sorted(
        found, key=lambda one: (one.record.timestamp_ms, one.record.at, one.record.offset)
    )


@dataclass
class Kind:
    """Letters that died of the same."""

    reason: str
    message: str
    """Without the numbers that were sent: they differ from one to the next."""
    count: int = 0
    newest_ms: int = field(default=-1)
    newest_id: str = ""
    sent_again: int = 0
    """How many of them were sent again."""


def kind_of(reason: str, message: str, known: Collection[tuple[str, str]]) -> tuple[str, str]:
    """The kind of a letter; where too many are known, that of all others."""
    kind = reason, pattern(message)
    return kind if kind in known or len(known) < KINDS_MAX else ALL_OTHERS


def kinds(found: Iterable[DeadLetter], sent: SentAgain | None = None) -> list[Kind]:
    """The letters by reason and message, the most frequent first; memory is bounded.

    `sent` is read in the end: reading the letters may have filled it.
    """
    counted: dict[tuple[str, str], Kind] = {}
    for one in found:
        key = kind_of(one.reason, one.message, counted)
        kind = counted.setdefault(key, Kind(*key))
        kind.count += 1
        if one.record.timestamp_ms >= kind.newest_ms:
            kind.newest_ms, kind.newest_id = one.record.timestamp_ms, one.id
    for key, number in sent.by_kind.items() if sent else ():
        if marked := counted.get(key) or counted.get(ALL_OTHERS):
            marked.sent_again += number
    return sorted(counted.values(), key=lambda kind: (-kind.count, kind.reason, kind.message))


LIMITS = (
    r"should [^;]*?(?=, not \d|;|$)|\w+_max=\S+|\d+ is the latest|the keys [^:]*|counts for \d+"
)
"""What a message says of the rule that was broken: the same in all letters of a kind."""
SENT = r"(?<=a key )[0-9a-f]+|\d+"
"""What it says of what was sent, and of where: numbers, and ids of keys."""
LIMIT_OR_SENT = re.compile(f"(?P<limit>{LIMITS})|{SENT}")


def pattern(message: str) -> str:
    """A message without what differs from one letter to the next; limits stay.

    >>> pattern("70000 bytes are more than event_bytes_max=65536")
    'N bytes are more than event_bytes_max=65536'
    >>> pattern("order_placed.lines.3.quantity: Input should be less than or equal to 10000")
    'order_placed.lines.N.quantity: Input should be less than or equal to 10000'
    """
    return LIMIT_OR_SENT.sub(lambda found: found["limit"] or "N", message)
