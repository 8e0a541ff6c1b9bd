"""Marks: a letter that was sent again says so, to whoever lists, shows or replays it later.

Kafka changes no record, so a mark is a record of its own, on the partition of its letter and behind
it: it outlives the letter, and who reads letters passes it. Its key is the letter's id, it has no
value, and its headers, these and no others, say whose mark it is:

```
goeswith.sent-again                  1:42
goeswith.errors.reason               wrong_key
__connect.errors.exception.message   the record's key is not the event's session_id: …
```
"""

from typing import NamedTuple

from streams.clients.log_reader import RawRecord
from streams.contract.dead_letters import DIGITS_MAX, REASON, Cause, Header

SENT_AGAIN = "goeswith.sent-again"
MESSAGE = "__connect.errors.exception.message"
NAMES = (SENT_AGAIN, REASON, MESSAGE)


class SentMark(NamedTuple):
    """That a letter was sent again, and what had been wrong with it."""

    letter_id: str
    reason: str
    message: str
    at_ms: int


def mark_headers(letter_id: str, cause: Cause) -> list[Header]:
    """The headers of a letter's mark."""
    said = letter_id, cause.reason, cause.message
    return list(zip(NAMES, (text.encode() for text in said), strict=True))


def mark(record: RawRecord) -> SentMark | None:
    """The mark that a record is; None: it is none, or of another partition's letter, or before it.

    A sender may give an event such a header, too: as a letter it has more than these.
    """
    if tuple(name for name, _ in record.headers) != NAMES:
        return None
    said = ((value or b"").decode("utf-8", "replace") for _, value in record.headers)
    letter_id, reason, message = said
    number, _, offset = letter_id.partition(":")
    is_offset = offset.isascii() and offset.isdigit() and len(offset) <= DIGITS_MAX
    ours = number == str(record.at.number) and is_offset and int(offset) < record.offset
    return SentMark(letter_id, reason, message, record.timestamp_ms) if ours else None
