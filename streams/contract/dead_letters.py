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

from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.header_names import HeaderName, header_name, readable

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


REASONS = (
    *("null_value", "oversize", "invalid_json", "invalid_event", "wrong_key", "future"),
    *("receipt_unreadable", "receipt_forged", "receipt_foreign", "receipt_version"),
)
"""Why a record can be a dead letter; docs/events.md says what each one means."""


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
    said = {name: (value or b"").decode("utf-8", "replace") for name, value in ours}
    try:
        return Cause(
            topic=said["__connect.errors.topic"],
            partition=int(said["__connect.errors.partition"]),
            offset=int(said["__connect.errors.offset"]),
            timestamp_ms=int(said[TIMESTAMP_MS]),
            reason=said[REASON],
            message=said["__connect.errors.exception.message"],
            original=tuple(_as_sent(original)),
            replays=_replays(original),
            replayed_from=_last(original, REPLAYED_FROM),
            value_bytes=value_bytes,
        )
    except ValueError:
        return None


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
