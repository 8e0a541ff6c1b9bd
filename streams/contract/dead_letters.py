"""Dead letters: a record that could not be used, kept raw, with the reason in its headers.

Key, value and every original header stay as they were; behind them come the headers that Kafka
Connect writes (KIP-298, `__connect.errors.…`, all of them strings), so that tools made for Connect
read ours too, and two of our own. Headers of one name may repeat in Kafka: the last one counts,
which is why ours are last, and why a letter can be opened again without losing any of the others.

A name that is not UTF-8 cannot be written by every client: such a header is written under its name
escaped, behind one of ours, `goeswith.header-name`, that has the name as it was sent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.wire.header_names import HeaderName, header_name, readable

Header = tuple[str, bytes | None]
"""Kafka lets a header have no value."""

CONNECTOR_NAME = "goeswith"
REASON = "goeswith.errors.reason"
TIMESTAMP_MS = "goeswith.errors.timestamp_ms"
REPLAYED_FROM = "goeswith.replayed-from"
REPLAYS = "goeswith.replays"
REPLAYS_MAX = 3
NAME_AS_SENT = "goeswith.header-name"
VALUE_BYTES = "goeswith.value.bytes"
"""Behind all others, of a letter whose value was cut to fit: how long it was."""
MESSAGE_CHARS_MAX = 1000
DIGITS_MAX = 19
NAMES = (
    "__connect.errors.topic",
    "__connect.errors.partition",
    "__connect.errors.offset",
    "__connect.errors.connector.name",
    "__connect.errors.stage",
    "__connect.errors.exception.class.name",
    "__connect.errors.exception.message",
    REASON,
    TIMESTAMP_MS,
)
"""Our headers, in the order in which they are written."""


class DeadLetterReason(NamedTuple):
    """Why a record is a dead letter, for people."""

    means: str
    """What is wrong; a link is a place in docs/."""
    next_step: str
    """What to do about it."""


REASONS: dict[str, DeadLetterReason] = {
    "null_value": DeadLetterReason(
        "the record has no value",
        "mend the sender: the event, as JSON, is the record's value",
    ),
    "oversize": DeadLetterReason(
        "it is larger than `GOESWITH_EVENT_BYTES_MAX`",
        "have the sender send less, or raise `GOESWITH_EVENT_BYTES_MAX` on all workers and replay",
    ),
    "invalid_json": DeadLetterReason(
        "it is no JSON",
        "mend the sender, look with `goeswith validate`, and send the event anew: these bytes will "
        "fail again",
    ),
    "invalid_event": DeadLetterReason(
        "its type is unknown, a field is missing, or a value is outside its limits",
        "mend at the sender what the message names, look with `goeswith validate`, and send the "
        "event anew: these bytes will fail again",
    ),
    "wrong_key": DeadLetterReason(
        "the record's key is not the event's `session_id`",
        "have the sender use the `session_id` as key, then `goeswith dead-letters replay --all "
        "--reason wrong_key --key-from session_id`",
    ),
    "future": DeadLetterReason(
        "of an earlier version, which refused clocks that were ahead",
        "`goeswith dead-letters replay --all --reason future`: they are events now",
    ),
    "intake": DeadLetterReason(
        "a record of a raw topic of which intake could not use all: the message says what",
        "mend the sender, look with `goeswith intake`, and have it sent anew: what was taken "
        "before keeps its ids, and changes nothing when it comes again",
    ),
    "receipt_unreadable": DeadLetterReason(
        "the receipt is no token of ours: something else, such as a prompt's id, or cut off",
        "have the storefront echo the prompt's `receipt` whole; a replay changes nothing",
    ),
    "receipt_unknown_key": DeadLetterReason(
        "the receipt is sealed with a key that no secret of this worker gives: a secret is "
        "missing, or was taken out too early ([operations.md](operations.md#rotating-the-secret)), "
        "or it is another installation's, or made up",
        "if the key was yours, add its secret to `GOESWITH_RECEIPT_SECRET` on all workers, then "
        "`goeswith dead-letters replay --all --reason receipt_unknown_key`",
    ),
    "receipt_forged": DeadLetterReason(
        "the receipt was made up, changed or cut off on its way, or of another session",
        "look whether the storefront cuts receipts, or sends them under another `session_id`; "
        "where it does not, somebody makes them up, and nothing is to be done",
    ),
    "receipt_foreign": DeadLetterReason(
        "the receipt, of version 1, belongs to another session",
        "have the storefront send feedback under the `session_id` of the prompt; a replay changes "
        "nothing",
    ),
    "receipt_version": DeadLetterReason(
        "the receipt is of another version: one that was rolled back since",
        "bring all workers to the newest version that ever sealed; a replay changes nothing",
    ),
    "receipt_expired": DeadLetterReason(
        "its prompt had expired, and the windows after that were over when the event happened",
        "nothing while they are few; many come from a wrong clock, or from a storefront that keeps "
        "prompts for too long",
    ),
    "receipt_forgotten": DeadLetterReason(
        "its prompt is older than the newest one that the session has forgotten: it may have been "
        "counted before. A session remembers its 8 newest impressions at most",
        "nothing while they are few; many come from a storefront that keeps prompts for too long, "
        "or has one `session_id` for many visitors",
    ),
}
"""Why a record can be a dead letter, and what to do about it."""
NOT_OURS = "ask who else writes to the topic of dead letters: goeswith did not write this one"
CUT = "send it anew from its source: its value was cut to fit, and the rest is not kept"


def next_step(of: "Cause | None") -> str:
    """What to do about a dead letter, in a sentence; None: it was not written by us.

    >>> next_step(None)
    'ask who else writes to the topic of dead letters: goeswith did not write this one'
    """
    if of is None:
        return NOT_OURS
    if of.value_bytes is not None:
        return CUT
    known = REASONS.get(of.reason)
    return known.next_step if known else "read the message: this version does not know the reason"


def dead_letter_headers(
    *,
    topic: str,
    partition: int,
    offset: int,
    timestamp_ms: int,
    error: BadInput,
    original: Sequence[Header],
) -> list[Header]:
    """The headers of the dead letter for one record: its own ones, then ours.

    >>> from streams.contract.errors import InvalidEvent
    >>> stale = InvalidEvent("invalid_json", "EOF while parsing a value at line 1 column 0")
    >>> headers = dead_letter_headers(
    ...     topic="goeswith.events", partition=3, offset=41, timestamp_ms=1767225600000,
    ...     error=stale, original=[("sender", b"bakery")],
    ... )
    >>> headers[0], headers[-2]
    (('sender', b'bakery'), ('goeswith.errors.reason', b'invalid_json'))
    """
    said = (
        topic,
        str(partition),
        str(offset),
        CONNECTOR_NAME,
        _stage(error),
        f"{type(error).__module__}.{type(error).__qualname__}",
        str(error)[:MESSAGE_CHARS_MAX],
        error.reason,
        str(timestamp_ms),
    )
    ours = zip(NAMES, (text.encode("utf-8", "replace") for text in said), strict=True)
    return [*_writable(original), *ours]


@dataclass(frozen=True, slots=True)
class Cause:
    """What the headers of a dead letter tell: where the record came from, and what was wrong."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    reason: str
    message: str
    original: tuple[Header, ...]
    """The headers that the record had come with."""
    replays: int
    """How often it had been sent again before it came here."""
    replayed_from: str = ""
    """The letter that it was sent again from last; empty: it came from its sender."""
    value_bytes: int | None = None
    """How long the value was, where it was cut to fit."""


def cause(headers: Sequence[Header]) -> Cause | None:
    """What `dead_letter_headers` wrote; None if these headers are not ours.

    >>> from streams.contract.errors import InvalidEvent
    >>> headers = dead_letter_headers(
    ...     topic="goeswith.events", partition=3, offset=41, timestamp_ms=1767225600000,
    ...     error=InvalidEvent("null_value", "no value"), original=[("sender", b"bakery")],
    ... )
    >>> cause(headers).reason, cause(headers).original
    ('null_value', (('sender', b'bakery'),))
    """
    value_bytes = _count(headers[-1][1]) if headers and headers[-1][0] == VALUE_BYTES else None
    headers = headers[:-1] if value_bytes is not None else headers
    original, ours = headers[: -len(NAMES)], headers[-len(NAMES) :]
    if tuple(name for name, _ in ours) != NAMES:
        return None
    raw = {name: value or b"" for name, value in ours}
    said = {name: value.decode("utf-8", "replace") for name, value in raw.items()}
    partition = _count(raw["__connect.errors.partition"])
    offset = _count(raw["__connect.errors.offset"])
    time_ms = _count(raw[TIMESTAMP_MS].removeprefix(b"-"))  # negative, where the log has none
    if partition is None or offset is None or time_ms is None:
        return None
    return Cause(
        topic=said["__connect.errors.topic"],
        partition=partition,
        offset=offset,
        timestamp_ms=-time_ms if raw[TIMESTAMP_MS].startswith(b"-") else time_ms,
        reason=said[REASON],
        message=said["__connect.errors.exception.message"],
        original=tuple(_as_sent(original)),
        replays=_replays(original),
        replayed_from=_last(original, REPLAYED_FROM),
        value_bytes=value_bytes,
    )


def replay_headers(letter: Cause, letter_id: str) -> list[Header]:
    """The headers to send a record again with: its own, where it comes back from, and how often.

    `letter_id` is the dead letter's own `partition:offset`.
    """
    kept = [header for header in letter.original if header[0] not in (REPLAYED_FROM, REPLAYS)]
    return [
        *kept,
        (REPLAYED_FROM, letter_id.encode()),
        (REPLAYS, str(letter.replays + 1).encode()),
    ]


def _writable(headers: Iterable[Header]) -> Iterator[Header]:
    for name, value in headers:
        if isinstance(name, HeaderName):
            yield NAME_AS_SENT, name.encode()
        yield readable(name), value


def _as_sent(headers: Iterable[Header]) -> Sequence[Header]:
    """What `_writable` was given."""
    sent: list[Header] = []
    for name, value in headers:
        before, raw = sent[-1] if sent else ("", None)
        odd = header_name(raw or b"") if before == NAME_AS_SENT else ""
        if isinstance(odd, HeaderName) and name == readable(odd):
            sent[-1] = odd, value
        else:
            sent.append((name, value))
    return sent


def _replays(headers: Sequence[Header]) -> int:
    """The count that the last header of its name gives; what is no count stops the loop too."""
    for name, value in reversed(headers):
        if name == REPLAYS:
            counted = _count(value)
            return REPLAYS_MAX if counted is None else counted
    return 0


def _count(value: bytes | None) -> int | None:
    """The number that a header holds; None: it holds none, or more digits than any offset."""
    return int(value) if value and value.isdigit() and len(value) <= DIGITS_MAX else None


def _last(headers: Sequence[Header], name: str) -> str:
    values = [value for of, value in headers if of == name]
    return (values[-1] or b"").decode("utf-8", "replace") if values else ""


def _stage(error: BadInput) -> str:
    """Connect's word for where it went wrong."""
    if not isinstance(error, InvalidEvent):
        return "TASK_PUT"
    return "KEY_CONVERTER" if error.reason == "wrong_key" else "VALUE_CONVERTER"
