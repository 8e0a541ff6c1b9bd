"""What is to be thought of a partition's lag: a pure function of the latest looks at it.

The rules are those that Burrow published (its `core/internal/evaluator/caching.go`): by how a
group's offset and its lag have moved over a window, not by a threshold, which is wrong for some
topic. In this order, the first that holds:

```
AHEAD    what is committed lies beyond the end of the log: it was made anew, or cut off
ERROR    what is committed lies before the log's begin: retention took events unanswered
OK       nothing waits
REWIND   the offset went back, and has not come back to where it was
OK       at some look within the window nothing had waited for long
STOPPED  the offset stood still all the time, and nobody answers for the partition
STALLED  it stood still all the time, though somebody does
WARN     it moves, and the lag got no less from any look to the next
OK       the lag gets less
```

Where they differ from Burrow's, and why:

- Burrow sees commits and judges STOP by their absence, so it calls a quiet topic's group stopped
  (its issues 38 and 123). We see who is in the group, and ask for events that wait.
- "Nothing waits" is for Burrow a lag of 0 events (or `allowed-lag`), which a busy topic may never
  have. Ours is in seconds: what has waited for less than `CAUGHT_UP_S` is under way.
- A rewind counts before the rule that a lag of 0 anywhere is well: a group whose offset goes back
  from the end answers everything again, at once. It ends when the offset has come back.
- AHEAD and ERROR are not Burrow's; there a lag of 0, and a lag of what is left, hide both. As in
  Burrow a group is ERROR as soon as one of its partitions is worse than WARN.
- A window that is not full yet tells of nothing that takes time: None, not OK. One look can tell
  AHEAD, ERROR, that nothing waits, and STOPPED where the whole group is empty.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

Status = Literal["OK", "WARN", "ERROR", "STALLED", "STOPPED", "REWIND", "AHEAD"]
"""Of a partition."""
STATUSES: tuple[Status, ...] = get_args(Status)
GroupStatus = Literal["OK", "WARN", "ERROR"]

CAUGHT_UP_S = 2.0
"""What waits for less is under way: eight commit intervals."""
WINDOW_S = 60.0
"""So far back a status looks."""
WINDOW_S_MIN = 30.0
"""From then on it tells of what takes time: longer than a session timeout and a rebalance."""
LOOKS_MIN = 3


class Sight(NamedTuple):
    """A partition at one time."""

    at_s: float
    """By any clock that only goes forward."""
    begin: int
    end: int
    """The offset up to which events can be read."""
    committed: int | None
    lag_events: int
    lag_s: float | None
    """How long the first of them has waited; None: it is not known."""
    owned: bool | None
    """Whether somebody in the group answers for it; None: the broker does not tell."""
    group_empty: bool = False
    """Whether nobody is in the group at all."""
    high_watermark: int = 0
    """Where the log ends whatever transactions are open, if that is beyond `end`."""

    @property
    def ahead(self) -> bool:
        """Whether what is committed is beyond what the log holds, open transactions included."""
        return self.committed is not None and self.committed > max(self.end, self.high_watermark)

    @property
    def caught_up(self) -> bool:
        """Whether nothing waits, or not for long."""
        return not self.lag_events or (self.lag_s is not None and self.lag_s <= CAUGHT_UP_S)


def status(looks: Sequence[Sight]) -> Status | None:
    """The status after these looks, the latest last; None: it cannot be told (yet).

    >>> here = Sight(0, begin=0, end=9, committed=9, lag_events=0, lag_s=0.0, owned=True)
    >>> status([here]), status([here._replace(committed=12)])
    ('OK', 'AHEAD')
    """
    now = looks[-1]
    if now.ahead:
        return "AHEAD"
    if now.committed is not None and now.committed < now.begin:
        return "ERROR"
    if not now.lag_events:
        return "OK"
    if _has_gone_back(looks):
        return "REWIND"
    if now.group_empty and not now.caught_up:
        return "STOPPED"
    if any(look.caught_up for look in looks):
        return "OK"
    if len(looks) < LOOKS_MIN or now.at_s - looks[0].at_s < WINDOW_S_MIN:
        return None
    if all(look.committed == now.committed for look in looks):
        return "STOPPED" if all(look.owned is False for look in looks) else "STALLED"
    return "OK" if _falls(looks) else "WARN"


def worst(statuses: Iterable[Status | None]) -> GroupStatus | None:
    """A group's status: ERROR as soon as one partition is worse than WARN; None: not all are known.

    >>> worst(["OK", "STALLED", None]), worst(["OK", "WARN"]), worst(["OK", None]), worst(["OK"])
    ('ERROR', 'WARN', None, 'OK')
    """
    said = set(statuses)
    if said - {"OK", "WARN", None}:
        return "ERROR"
    if "WARN" in said:
        return "WARN"
    return None if None in said else "OK"


def _has_gone_back(looks: Sequence[Sight]) -> bool:
    """Whether the offset is before one that it had; one beyond the end was of another log."""
    now = looks[-1].committed
    had = [look.committed for look in looks if look.committed is not None and not look.ahead]
    return now is not None and now < max(had, default=0)


def _falls(looks: Sequence[Sight]) -> bool:
    """Whether the lag got less from some look to the next."""
    return any(after.lag_events < before.lag_events for before, after in pairwise(looks))
