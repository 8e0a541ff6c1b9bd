"""Telemetry: counters and latency histograms of a worker; no vendor, no lock, no clock of its own.

Counters only grow; a reader takes `snapshot()` and forms rates itself. Latency is counted into
fixed buckets, so that histograms of several workers add up, from the moment the broker (or the
sender, by the topic's timestamp type) stamped the event: it is only as true as the clocks agree.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any

from streams.shop.memory.answer import Answer

BUCKETS_MS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 1_000, 5_000, 30_000)
"""Upper bounds of the latency buckets; what took longer goes into one more."""
STAGE_BUCKETS_MS = (
    *(0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5),
    *(1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000, 30_000),
)
"""The same of a stage: the fold takes hundredths of a millisecond, a broker some milliseconds."""


class Histogram:
    """Counts by bucket, their sum and number.

    >>> waits = Histogram()
    >>> for ms in (4, 4, 4, 60):
    ...     waits.observe([0], now_ms=ms)
    >>> waits.quantile(0.5), waits.quantile(0.99)
    (5, 75)
    """

    def __init__(self, bounds_ms: Sequence[float] = BUCKETS_MS) -> None:
        self.bounds_ms = bounds_ms
        self.counts = [0] * (len(bounds_ms) + 1)
        self.sum_ms = 0.0

    def observe(self, since_ms: Iterable[float], now_ms: float) -> None:
        """Count what began at these times (a clock that runs behind counts as no wait)."""
        counts, bounds_ms = self.counts, self.bounds_ms
        for ms in since_ms:
            wait_ms = now_ms - ms
            counts[bisect_left(bounds_ms, wait_ms)] += 1
            if wait_ms > 0.0:
                self.sum_ms += wait_ms

    def quantile(self, share: float) -> float | None:
        """The upper bound of the quantile's bucket; None when empty, or beyond the last bound."""
        left = share * sum(self.counts)
        if not left:
            return None
        below = accumulate(self.counts)
        bucket = next(at for at, count in enumerate(below) if count >= left)
        return (*self.bounds_ms, None)[bucket]

    def snapshot(self) -> dict[str, Any]:
        """Buckets (upper bound in ms -> count, not cumulated), sum, number, p50 and p99 in ms."""
        return {
            "buckets_ms": dict(zip((*map(str, self.bounds_ms), "inf"), self.counts, strict=True)),
            "sum_ms": self.sum_ms,
            "count": sum(self.counts),
            "p50_ms_max": self.quantile(0.5),
            "p99_ms_max": self.quantile(0.99),
        }


of_a_stage = partial(Histogram, STAGE_BUCKETS_MS)


@dataclass
class Telemetry:
    """One worker's counters since it started."""

    rounds: int = 0
    """Rounds handed to the agent."""
    answered: int = 0
    """Events that the agent answered, with a prompt or without."""
    restored: int = 0
    """Offsets that the checkpoint covers which this worker began with: none of them is folded."""
    restored_made_ms: int = 0
    """When that checkpoint was made, in milliseconds since 1970; 0: there was none."""
    folded: int = 0
    """Events folded, by agent or follower, dead letters included."""
    clocks_ahead: int = 0
    """Events, of those folded, whose sender's clock was ahead of the broker's, and was set back."""
    repeats: int = 0
    """Events seen again after they were folded: what position saves from being counted twice."""
    holes: int = 0
    """Holes in what Faust handed over, asked for again."""
    gaps: int = 0
    """Offsets that the log itself does not hold, stepped over (retention, aborted, markers)."""
    gap_waits: int = 0
    """Times that the agent waited for the follower to close a gap."""
    group_errors: int = 0
    """Errors of the consumer group that were consumed, so that the worker joined again."""
    prompts: int = 0
    """Prompts handed to the producer."""
    withdrawals: int = 0
    """Prompts withdrawn."""
    catalogue_withdrawals: Counter[str] = field(default_factory=Counter)
    """Those of them that catalogue or controls have taken back, by reason."""
    withdrawals_put_off: int = 0
    """Times that some of these had to wait for their turn."""
    living_left_out: int = 0
    """Living prompts that left for want of room: neither catalogue nor controls take them back."""
    inheritances_failed: int = 0
    """Times that the living prompts of a partition that was taken over could not be read."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """Dead letters, by reason."""
    checkpoints: int = 0
    """Checkpoints that this worker has written."""
    checkpoints_failed: int = 0
    """Checkpoints that could not be written; the log says why."""
    checkpoints_refused: int = 0
    """Checkpoints that this worker found when it started, and could not use; its page says why."""
    checkpoints_adopted: int = 0
    """Of other settings, and used as far as they fit: its page says what became of which part."""
    checkpoints_missing: int = 0
    """Whether it found none where one is to be expected: what the log has lost is not known."""
    checkpoint_stall_ms_max: float = 0.0
    """The longest that the event loop was held by one."""
    follow_cpu_s: float = 0.0
    """CPU time that the process had used when it began to follow the log."""
    caught_up_cpu_s: float = 0.0
    """CPU time that it had used when it had caught up with the log."""
    topic_findings: Counter[str] = field(default_factory=Counter)
    """What was found wrong with the topics while it worked, by kind."""
    silences: Counter[str] = field(default_factory=Counter)
    """Decisions to say nothing, by reason."""
    withheld: Counter[str] = field(default_factory=Counter)
    """Items that an arm came upon and that the catalogue withheld, by reason."""
    shadows: Counter[str] = field(default_factory=Counter)
    """What arms in shadow found beside what was shown, by arm and finding: `popular/same`."""
    reference_records: int = 0
    """Records of catalogue and controls that were read and taken."""
    reference_refused: Counter[str] = field(default_factory=Counter)
    """Those that were refused, by reason: the last good one of their key stands."""
    unlisted_segments: Counter[str] = field(default_factory=Counter)
    """Events whose segment is in no list, by segment."""
    languages_without_texts: Counter[str] = field(default_factory=Counter)
    """Events whose locale has no texts, by language."""
    feedback: Counter[str] = field(default_factory=Counter)
    """Stages that prompts reached, as published outcomes."""
    handed_ms: Histogram = field(default_factory=Histogram)
    """From an event's append to its prompt in the producer's hands."""
    delivered_ms: Histogram = field(default_factory=Histogram)
    """From an event's append to its prompt acknowledged by the broker."""
    ingest_ms: Histogram = field(default_factory=of_a_stage)
    """From an event's append to the agent; of one event in some slices."""
    fold_ms: Histogram = field(default_factory=of_a_stage)
    """Decoding and folding one event; the same ones."""
    decide_ms: Histogram = field(default_factory=of_a_stage)
    """Deciding what one event calls for; the same ones."""
    deliver_ms: Histogram = field(default_factory=of_a_stage)
    """From a round's answers, in the producer's hands, to the broker's acknowledgement."""

    def answer(self, answer: Answer) -> None:
        """Count one answer."""
        prompt, silence, gone, outcomes, _, rejected, withheld, further, silent, shadowed = answer
        self.answered += 1
        if prompt is not None:
            self.prompts += 1 + len(further)
        if gone:
            self.withdrawals += len(gone)
        if rejected is not None:
            self.dead_letters[rejected.reason] += 1
        if silent:
            self.silences.update(one.reason for one in silent.values())
        elif silence is not None:
            self.silences[silence.reason] += 1
        for outcome in outcomes:
            self.feedback[outcome.stage] += 1
        if withheld:
            self.withheld.update(withheld)
        if shadowed:
            self.shadows.update(map("/".join, shadowed))

    def handed(self, prompted_ms: Iterable[int], now_ms: float) -> None:
        """Prompts for events of these times have been handed to the producer."""
        self.handed_ms.observe(prompted_ms, now_ms)

    def delivered(
        self, prompted_ms: Iterable[int], now_ms: float, began_ms: float | None = None
    ) -> None:
        """Prompts for events of these times have been acknowledged by the broker.

        `began_ms` is when their round was handed to the producer.
        """
        self.delivered_ms.observe(prompted_ms, now_ms)
        if began_ms is not None:
            self.deliver_ms.observe((began_ms,), now_ms)

    def snapshot(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return {
            name: dict(value)
            if isinstance(value, Counter)
            else value.snapshot()
            if isinstance(value, Histogram)
            else value
            for name, value in vars(self).items()
        }
