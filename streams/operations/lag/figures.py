"""The figures of consumer lag: how far a group is behind, in events and in seconds.

Seconds are exact, not interpolated: the age of the very record that waits at the committed offset
(Kafka knows neither when an offset was committed nor how old the record there is, so that record is
read). A group that never committed is as far behind as the log is long, and shown as such: a dead
consumer must not look like one that is caught up. End offsets are asked for after the committed
ones, and what still comes out negative counts as nothing.

Events are counted by offsets, so what was aborted and the markers of transactions count as events
as long as an event follows them. Where none does, nothing waits. A transaction that is still open
holds back whatever comes behind it, from every reader: it waits for its producer, not for us, and
is told apart (`held_back`).
"""

import json
from typing import NamedTuple

from streams.clients.log_reader import GroupMember
from streams.operations.lag.status import GroupStatus, Status, worst

LOOK_FIRST = "one that lives and waits, as where settings differ, says why at its /readyz"
"""To be said of who is missing: nothing that we read tells whether it runs."""


class PartitionLag(NamedTuple):
    """How far the group is behind on one partition."""

    partition: int
    end: int
    """The offset up to which events can be read."""
    committed: int | None
    """The offset that the group reads next; None: it has never committed."""
    lag_events: int
    """Events that wait."""
    lag_s: float | None
    """Age of the one that has waited longest; None: it could not be read."""
    held_back: int = 0
    """Offsets from the end on that nobody may read yet: a transaction before them is open."""
    owner: str | None = None
    """The worker that answers for it; None: nobody does, or the broker does not tell."""
    begin: int = 0
    """The first offset that the log holds."""
    status: Status | None = None
    """What is to be thought of it; None: one look cannot tell, or not yet."""
    arrived_per_s: float | None = None
    """Events that arrived, a second; None: there was one look."""
    answered_per_s: float | None = None
    """Events that the group has passed, a second."""
    catch_up_s: float | None = None
    """Time until nothing waits, at these rates; None: it is not known, or it gets no less."""

    @property
    def retention_share(self) -> float:
        """Share of what the log holds that waits; at 1 retention takes unanswered events next.

        >>> PartitionLag(0, 100, committed=70, lag_events=30, lag_s=9.0, begin=40).retention_share
        0.5
        """
        held = self.end - self.begin
        return min(1.0, self.lag_events / held) if held > 0 else 0.0

    @property
    def ahead(self) -> int:
        """How far the commit is beyond the end: it is of another log, and no lag would be a lie.

        What an open transaction holds back is in the log.

        >>> PartitionLag(0, 100, committed=103, lag_events=0, lag_s=0.0, held_back=2).ahead
        1
        """
        return max(0, (self.committed or 0) - self.end - self.held_back)


class GroupLag(NamedTuple):
    """How far the group is behind on a topic."""

    group: str
    topic: str
    partitions: tuple[PartitionLag, ...]
    members: tuple[GroupMember, ...] | None = None
    """Who is in the group; None: the broker does not tell."""
    missing: tuple[str, ...] | None = ()
    """Workers that Redis saw of late, and that did not sign off; None: it does not answer."""

    @property
    def status(self) -> GroupStatus | None:
        """The worst of its partitions', in three words."""
        return worst([one.status for one in self.partitions])

    @property
    def exists(self) -> bool:
        """Whether there is such a group: somebody is in it, or it has committed something.

        Where the broker does not tell who is in it, nobody knows that it is not there.
        """
        return self.members != () or any(one.committed is not None for one in self.partitions)

    @property
    def wrong(self) -> bool:
        """Whether figures of this group are none: it is not there, or is of another log."""
        return not self.exists or any(one.ahead for one in self.partitions)

    @property
    def lag_events(self) -> int:
        """Events that wait, on all partitions."""
        return sum(lag.lag_events for lag in self.partitions)

    @property
    def lag_s_max(self) -> float | None:
        """The longest wait; None as soon as one is unknown."""
        waits = [lag.lag_s for lag in self.partitions]
        return None if None in waits else max((s for s in waits if s is not None), default=0.0)

    def as_json(self) -> str:
        """The report as a JSON object, in a line."""
        said = {
            "group": self.group,
            "topic": self.topic,
            "exists": self.exists,
            "status": self.status,
            "partitions": [
                lag._asdict()
                | {"retention_share": round(lag.retention_share, 4), "ahead": lag.ahead}
                for lag in self.partitions
            ],
            "lag_events": self.lag_events,
            "lag_s_max": self.lag_s_max,
            "members": self.members and [member._asdict() for member in self.members],
            "missing": self.missing,
        }
        return json.dumps(said)


def waits_from(committed: int | None, begin: int) -> int:
    """The offset of the first event that waits: retention may have taken the committed one.

    >>> waits_from(41, begin=7), waits_from(None, begin=7), waits_from(3, begin=7)
    (41, 7, 7)
    """
    return begin if committed is None else max(committed, begin)


def partition_lag(
    partition: int,
    *,
    committed: int | None,
    begin: int,
    end: int,
    waiting_since_ms: int | None,
    now_ms: int,
    high_watermark: int = 0,
    owner: str | None = None,
    log_begin: int | None = None,
) -> PartitionLag:
    """The lag of one partition of which what waits lies from `begin`, at the least, up to `end`.

    `waiting_since_ms` is the time of the first record that waits, None if it is not known.
    `log_begin` is where the log begins, if that is before `begin`.

    >>> partition_lag(0, committed=40, begin=0, end=42, waiting_since_ms=1_000, now_ms=3_500)
    PartitionLag(partition=0, end=42, committed=40, lag_events=2, lag_s=2.5, ...)
    """
    lag_events = max(0, end - waits_from(committed, begin))
    lag_s = None if waiting_since_ms is None else max(0, now_ms - waiting_since_ms) / 1000
    held_back = max(0, high_watermark - end)
    return PartitionLag(
        partition,
        end,
        committed,
        lag_events,
        lag_s if lag_events else 0.0,
        held_back,
        owner,
        begin if log_begin is None else log_begin,
    )
