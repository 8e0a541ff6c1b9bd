"""Times: milliseconds since 1970, whatever unit or notation they are sent in."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from streams.storefront.intake.values.looking import at, canonical, first, number

PER_MS = (1, 1_000, 1_000_000)
"""How many milliseconds, microseconds, nanoseconds make one millisecond."""
SAID_CHARS_MAX = 60
"""So much is told of what is no time."""
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")


class When(NamedTuple):
    """When something happened, as its sender says."""

    occurred_at_ms: int | None = None
    sent_at_ms: int | None = None
    """When it was sent, by the same clock, where nobody has set that clock right yet."""
    unread: str = ""
    """Which time is said that is none of ours: then it did not happen when it was received."""

    @property
    def lacks(self) -> str:
        """What is wrong with it, for people."""
        return f"{self.unread or 'nothing'} is no time of 2015 to 2100 that can be read"


def milliseconds(value: Any) -> int | None:
    """A time in milliseconds since 1970; None: it is none between 2015 and 2100.

    Numbers are seconds, milliseconds, microseconds or nanoseconds, by their size; texts are of ISO
    8601, of e-mails and HTTP, or numbers; without a zone they are UTC. `{"value": "…"}` is how
    BigQuery's client for Node.js writes a time.

    >>> milliseconds(1_767_225_600), milliseconds("1767225600000000")
    (1767225600000, 1767225600000)
    >>> milliseconds("2026-01-01T01:00:00.5+01:00"), milliseconds("2026-01-01 00:00:00 UTC")
    (1767225600500, 1767225600000)
    >>> milliseconds("Thu, 01 Jan 2026 01:00:00 +0100"), milliseconds("yesterday"), milliseconds(7)
    (1767225600000, None, None)
    """
    value = _bare(value)
    if not isinstance(value, str) or _NUMERIC.fullmatch(value.strip()):
        exact = number(value)
        if exact is None:
            return None
        if YEAR_2015_MS <= exact * 1000 <= YEAR_2100_MS:
            return int(exact * 1000)
        units = (int(exact / per_ms) for per_ms in PER_MS)
        return next((ms for ms in units if YEAR_2015_MS <= ms <= YEAR_2100_MS), None)
    try:
        said = _moment(value.strip().removesuffix(" UTC"))
        said = said if said.tzinfo else said.replace(tzinfo=UTC)
        at_ms = round(said.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return at_ms if YEAR_2015_MS <= at_ms <= YEAR_2100_MS else None


def time_of(said: Any, *names: str) -> When:
    """When something happened, by the first of these fields that holds something.

    >>> time_of({"processed_at": None, "created_at": "2014-05-06"}, "processed_at", "created_at")
    When(occurred_at_ms=None, sent_at_ms=None, unread='created_at: "2014-05-06"')
    """
    name = next((one for one in names if first(said, one) is not None), "")
    return said_at(at(said, name), name)


def said_at(value: Any, name: str = "time") -> When:
    """When something happened, of which no clock has to be set right.

    A number that is no time comes of a clock that is not set: then it happened when it was
    received. A text that cannot be read may be any time, that of last year's order as well, and so
    may what is neither; and no clock is before 1970. `name` is the field that says it.

    >>> said_at("1767225600").occurred_at_ms, said_at(0).unread, said_at("1.1.2026 12:00").unread
    (1767225600000, '', 'time: "1.1.2026 12:00"')
    >>> said_at(-5, "cdt").unread, said_at({"$date": "2026-01-01"}).unread
    ('cdt: -5', 'time: {"$date":"2026-01-01"}')
    >>> said_at({"value": "2026-01-01"}).occurred_at_ms, said_at("").unread
    (1767225600000, '')
    """
    at_ms = milliseconds(value)
    return When(at_ms, unread="" if at_ms or _is_now(value) else _told(name, value))


def by_sender(occurred: Any, sent: Any = None, received: Any = None, name: str = "time") -> When:
    """When something happened by a sender's clock, set right where it was received is known.

    received - sent is how wrong that clock is (Segment's rule). Where nobody has noted when it was
    received, the broker will: `sent_at_ms` goes on with the event.

    >>> noon, hours = 1_767_268_800_000, 3_600_000
    >>> by_sender(noon + 5 * hours, noon + 5 * hours + 200, noon).occurred_at_ms - noon
    -200
    >>> by_sender(noon, noon + 200).sent_at_ms - noon
    200
    """
    at_ms, sent_ms, received_ms = map(milliseconds, (occurred, sent, received))
    if at_ms is None:
        return said_at(occurred, name)
    if sent_ms is None or received_ms is None:
        return When(at_ms, sent_ms)
    return When(at_ms + received_ms - sent_ms)


def _moment(said: str) -> datetime:
    """A text of ISO 8601, or as e-mails and HTTP have it; raises `ValueError` for any other."""
    return parsedate_to_datetime(said) if said[:1].isalpha() else datetime.fromisoformat(said)


def _bare(value: Any) -> Any:
    """A time as it stands, out of the object that has it as its `value` alone."""
    alone = isinstance(value, Mapping) and list(value) == ["value"]
    return value["value"] if alone and isinstance(value["value"], str) else value


def _is_now(value: Any) -> bool:
    """Whether no time is said: nothing is, or a number from 0 on of a clock that is not set."""
    value = value.strip() if isinstance(value, str) else value
    if value is None or value == "":
        return True
    exact = None if isinstance(value, str) and not _NUMERIC.fullmatch(value) else number(value)
    return exact is not None and exact >= 0


def _told(name: str, value: Any) -> str:
    """A field and what it says, in short."""
    said = canonical(value).decode()
    return f"{name}: {said if len(said) <= SAID_CHARS_MAX else said[:SAID_CHARS_MAX] + '…'}"
