"""Times: milliseconds since 1970, whatever unit or notation they are sent in."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from streams.storefront.intake.values.looking import number

PER_MS = (1, 1_000, 1_000_000)
"""How many milliseconds, microseconds, nanoseconds make one millisecond."""
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")


class When(NamedTuple):
    """When something happened, as its sender says."""

    occurred_at_ms: int | None = None
    sent_at_ms: int | None = None
    """When it was sent, by the same clock, where nobody has set that clock right yet."""
    unread: bool = False
    """Whether a time is said that is none of ours: then it did not happen when it was received."""


def milliseconds(value: Any) -> int | None:
    """A time in milliseconds since 1970; None: it is none between 2015 and 2100.

    Numbers are seconds, milliseconds, microseconds or nanoseconds, by their size; texts are of ISO
    8601, of e-mails and HTTP, or numbers; without a zone they are UTC.

    >>> milliseconds(1_767_225_600), milliseconds("1767225600000000")
    (1767225600000, 1767225600000)
    >>> milliseconds("2026-01-01T01:00:00.5+01:00"), milliseconds("2026-01-01 00:00:00 UTC")
    (1767225600500, 1767225600000)
    >>> milliseconds("Thu, 01 Jan 2026 01:00:00 +0100"), milliseconds("yesterday"), milliseconds(7)
    (1767225600000, None, None)
    """
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


def said_at(value: Any) -> When:
    """When something happened, of which no clock has to be set right.

    A number that is no time comes of a clock that is not set: then it happened when it was
    received. A text that cannot be read may be any time, that of last year's order as well; and no
    clock is before 1970.

    >>> said_at("1767225600").occurred_at_ms, said_at(0).unread, said_at("1.1.2026 12:00").unread
    (1767225600000, False, True)
    >>> said_at(-5).unread, said_at("-5").unread
    (True, True)
    """
    at_ms, exact = milliseconds(value), number(value)
    below = exact is not None and exact < 0
    return When(at_ms, unread=at_ms is None and (below or _is_wording(value)))


def by_sender(occurred: Any, sent: Any = None, received: Any = None) -> When:
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
        return said_at(occurred)
    if sent_ms is None or received_ms is None:
        return When(at_ms, sent_ms)
    return When(at_ms + received_ms - sent_ms)


def _moment(said: str) -> datetime:
    """A text of ISO 8601, or as e-mails and HTTP have it; raises `ValueError` for any other."""
    return parsedate_to_datetime(said) if said[:1].isalpha() else datetime.fromisoformat(said)


def _is_wording(value: Any) -> bool:
    """Whether something is said in words, and not as a number."""
    said = value.strip() if isinstance(value, str) else ""
    return bool(said) and _NUMERIC.fullmatch(said) is None
