"""Dead letters for people: listed, counted, and one of them in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from streams.cli.printable import many, printable, printable_bytes
from streams.cli.tables import Listing
from streams.contract.dead_letters import next_step
from streams.operations.dead_letters.letters import DeadLetter, Kind
from streams.operations.dead_letters.replay_plan import day

SHOWN_CHARS_MAX = 4000


def letters_table(found: Sequence[DeadLetter], sent_ms: Mapping[str, int], now_ms: int) -> Listing:
    """The list; `sent_ms` has when letters were sent again, by id."""
    listing = Listing(
        *("id", "reason", "from", "age", "bytes", "replays", "sent again"), words=("reason", "from")
    )
    listing.notes = [] if found else ["no dead letters"]
    for one in found:
        row, at_ms = one.to_json(), sent_ms.get(one.id)
        listing.add(
            row["id"],
            Text(printable(row["reason"])),
            Text(printable(row["from"] or "unknown")),
            age(now_ms - row["timestamp_ms"]),
            f"{row['bytes']:,}",
            "" if row["replays"] is None else str(row["replays"]),
            "" if at_ms is None else f"{age(now_ms - at_ms)} ago",
        )
    return listing


def age(ms: int) -> str:
    """A time span in its largest unit.

    >>> age(59_000), age(7_200_000), age(3 * 86_400_000)
    ('59 s', '2 h', '3 d')
    """
    for unit, unit_ms in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= unit_ms:
            return f"{ms // unit_ms} {unit}"
    return f"{max(0, ms) // 1000} s"


def kinds_table(found: Sequence[Kind], now_ms: int) -> Listing:
    """The counts."""
    letters = sum(kind.count for kind in found)
    again = sum(kind.sent_again for kind in found)
    listing = Listing(
        *("reason", "letters", "sent again", "newest", "its id", "message"),
        notes=[f"{many(letters, 'letters')}{f', {again:,} of them sent again' if again else ''}"],
        words=("message",),
    )
    for kind in found:
        listing.add(
            Text(printable(kind.reason)),
            f"{kind.count:,}",
            f"{kind.sent_again:,}" if kind.sent_again else "",
            age(now_ms - kind.newest_ms),
            kind.newest_id,
            Text(printable(kind.message, SHOWN_CHARS_MAX)),
        )
    return listing


def in_words(one: DeadLetter, sent_ms: int | None = None) -> Iterator[str]:
    """A letter: what was wrong first, and what to do about it; and whether it was sent again."""
    said = as_text(one)
    if sent_ms is not None:
        said["sent again"] = day(sent_ms)
    for name in ("reason", "message", "next", "sent again", "key", "value"):
        if name in said:
            yield f"{name}: {said[name]}"
    yield "headers:"
    yield from (f"  {name}: {text}" for name, text in said["headers"])


def as_text(one: DeadLetter) -> dict[str, Any]:
    """All of a letter, escaped and cut: `reason`, `message`, `next`, `key`, `value`, `headers`."""
    record = one.record
    return {
        "reason": printable(one.reason),
        "message": printable(one.message, SHOWN_CHARS_MAX),
        "next": next_step(one.cause),
        "key": printable_bytes(record.key, SHOWN_CHARS_MAX),
        "value": printable_bytes(record.value, SHOWN_CHARS_MAX),
        "headers": [(printable(n), printable_bytes(v, SHOWN_CHARS_MAX)) for n, v in record.headers],
    }
