"""How long events waited for their prompts, and how long each fault left a partition unanswered.

All by the broker's own clock: an event was there when it was appended, and answered when the first
prompt with its id was. *Time without an answer* after a fault, of one partition: the longest that
any event waited, counted from the fault on (for one on the broker: from its return), until the next
fault began.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from streams.lab.chaos.books.books import AuditedRecord
from streams.lab.chaos.faults.strike import InjectedFault
from streams.lab.quantiles import quantile


class Wait(NamedTuple):
    """An event and its first answer, in milliseconds since 1970."""

    partition: int
    asked_ms: int
    answered_ms: int


def waits(
    log: Iterable[AuditedRecord], at: Mapping[tuple[int, int], str], first_ms: Mapping[str, int]
) -> list[Wait]:
    """The waits of all events with an answer.

    `at` has the prompt's id by partition and offset, `first_ms` the time of its first copy.
    """
    answered = (
        (record, first_ms.get(at.get((record.partition, record.offset), ""))) for record in log
    )
    return [
        Wait(record.partition, record.timestamp, at_ms)
        for record, at_ms in answered
        if at_ms is not None
    ]


def unanswered_ms(waits: Iterable[Wait], began_ms: int, until_ms: int) -> dict[int, int]:
    """The longest time without an answer between two times, by partition.

    >>> noon = [Wait(0, asked_ms=90, answered_ms=300), Wait(1, asked_ms=100, answered_ms=110)]
    >>> unanswered_ms(noon, began_ms=100, until_ms=1000)
    {0: 200, 1: 10}
    """
    longest: dict[int, int] = {}
    for partition, asked_ms, answered_ms in waits:
        if asked_ms < until_ms and answered_ms >= began_ms:
            waited = min(answered_ms, until_ms) - max(asked_ms, began_ms)
            longest[partition] = max(waited, longest.get(partition, 0))
    return longest


def takeovers_s(
    waits: Sequence[Wait], struck: Sequence[InjectedFault], end_ms: int
) -> list[tuple[str, float]]:
    """The kind of each fault and the worst partition's time without an answer, in seconds."""
    ends = [fault.began_ms for fault in struck[1:]] + [end_ms] * bool(struck)
    begins = [f.ended_ms if f.kind.startswith("broker") else f.began_ms for f in struck]
    return [
        (fault.kind, max(unanswered_ms(waits, began, until).values(), default=0) / 1000)
        for fault, began, until in zip(struck, begins, ends, strict=True)
    ]


def latency_ms(waits: Iterable[Wait], from_ms: int, until_ms: int) -> dict[str, int | None]:
    """Quantiles of what the events of a time waited."""
    waited = [w.answered_ms - w.asked_ms for w in waits if from_ms <= w.asked_ms < until_ms]
    return {"p50": quantile(waited, 0.5), "p99": quantile(waited, 0.99)}


def spread_s(seconds: Sequence[float]) -> dict[str, float | None]:
    """Median and worst.

    >>> spread_s([2.0, 0.5, 3.25])
    {'p50': 2.0, 'max': 3.25}
    """
    millis = [round(1000 * each) for each in seconds]
    median, worst = quantile(millis, 0.5), quantile(millis, 1.0)
    return {
        "p50": None if median is None else median / 1000,
        "max": None if worst is None else worst / 1000,
    }
