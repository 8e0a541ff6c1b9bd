"""Which workers of our group are there, and since when: a register made of what they say.

Each worker says who it is and what it has (`streams.shop.shared_settings`) in the topic
`agreement`, again and again. One partition holds it all, so everybody reads it in one order, and
*who was there first* is the lower offset:

```
claim      "here", without `since`: it is there from the offset of this record on
beat       "here", since that offset: it is still there
waiting    it differs from somebody who was there first: it answers nobody, nobody waits for it
gone       it has ended in order
```

Whoever has said nothing for longer than a session timeout is not there any more. That is measured
by the broker's time alone; while the broker was away nobody could say anything: nobody is gone.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

Standing = Literal["here", "waiting", "gone"]


class Statement(BaseModel):
    """What a worker says: the value of a record."""

    model_config = ConfigDict(frozen=True)

    group: str
    worker: str
    life: str
    """Of one process: it gets another one when it is started again."""
    standing: Standing
    since: int | None = None
    """The offset of its claim; None: this record is the claim."""
    told: dict[str, Any]
    """What it has: see `streams.shop.shared_settings`."""


class Peer(NamedTuple):
    """Another worker that is there."""

    worker: str
    since: int
    told: Mapping[str, Any]


class Peers:
    """The other workers of a group.

    >>> peers = Peers("shop", "bob", "b1", silence_ms=10_000)
    >>> said = Statement(group="shop", worker="ann", life="a1", standing="here", told={"floor": 1})
    >>> peers.note(17, 1_000, said.model_dump_json().encode(), at_ms=0)
    >>> peers.there(before=None, at_ms=10_000)
    [Peer(worker='ann', since=17, told={'floor': 1})]
    >>> peers.there(before=17, at_ms=10_000), peers.there(before=None, at_ms=10_001)
    ([], [])
    """

    def __init__(self, group: str, worker: str, life: str, silence_ms: float) -> None:
        self._group, self._worker, self._life = group, worker, life
        self._silence_ms = silence_ms
        self._seen: dict[str, tuple[int, int, Statement]] = {}
        self._ahead_ms = 0.0
        """How far the broker's clock is ahead of ours, as of the latest record."""
        self._own_ms: int | None = None
        self._unbroken_ms = 0
        """From then on nothing has kept us from saying that we are there; 0: from the start."""

    def note(self, offset: int, timestamp_ms: int, value: bytes | None, at_ms: float) -> None:
        """Take notice of a record, at this time of our clock; what is none of ours is passed over.

        The clock may begin anywhere, as long as it never goes back.
        """
        self._ahead_ms = timestamp_ms - at_ms
        try:
            said = Statement.model_validate_json(value or b"")
        except ValidationError:
            return
        if said.group != self._group:
            return
        if said.worker != self._worker:
            self._seen[said.worker] = offset, timestamp_ms, said
        elif said.life == self._life:
            if self._own_ms is not None and timestamp_ms - self._own_ms > self._silence_ms:
                self._unbroken_ms = timestamp_ms
            self._own_ms = timestamp_ms

    def there(self, before: int | None, at_ms: float) -> list[Peer]:
        """Those who are there at this time of our clock, the first one first.

        `before`: only those who were there before that offset.
        """
        since_ms = at_ms + self._ahead_ms - self._silence_ms
        found = [
            Peer(said.worker, offset if said.since is None else said.since, said.told)
            for offset, timestamp_ms, said in self._seen.values()
            if said.standing == "here" and max(timestamp_ms, self._unbroken_ms) >= since_ms
        ]
        return sorted(
            (peer for peer in found if before is None or peer.since < before),
            key=lambda peer: peer.since,
        )
