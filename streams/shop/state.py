"""The state of a shop, part by part: kept, restored, and held against that of another worker.

A part is anything with a state that is JSON: the position, the sessions, each model. To restore a
shop, make a new one and `restore` each part. The digest covers what is the same for every worker at
the same position, whatever it saw first, however often it crashed:

| part | why it agrees |
|---|---|
| position | the next offset of each partition |
| sessions | a partition's own, in the order of the log, what is forgotten included |
| denials | the latest of each shopper, on whichever partition |
| models | sums of whole numbers, maxima, ties by id: any order gives the same |
| returns | two sets that look each other up, orders and returns, whichever comes first |
| tables and rows that ever ran full | they need not agree: left out, and counted |
| models that do not commute | they need not agree: left out, and named |
| parts converted to other settings | the same: no fold of the log gives them |
"""

import abc
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from models import SnapshotError
from models.recommenders.recommender import Recommender, TableSize
from models.snapshot.snapshot import UNSOUND
from streams.shop.memory.sessions import Sessions
from streams.shop.people.identity import Identity

DENIALS = "denials"
TAUGHT_BY_ORDERS = {
    *("baskets", "sequences", "popularity", "repeats"),
    *("policy", "offer_sales", "offer_pairs"),
}
"""Left out whole when a partition has forgotten an order, and a return has not found its order on
its own one: see `streams.shop.memory.orders.orders`."""
WHOLE = {"all": 1}
"""Left out: not some rows of a table, but all that there is."""


class Part(Protocol):
    """What a shop is made of; `models.snapshot.snapshot.Snapshotted` says what each word means."""

    STATE_VERSION: int
    COMMUTES: bool
    approximate: bool

    def state(self) -> dict[str, Any]:
        """All of it, as JSON; shares nothing."""

    def exact_state(self) -> dict[str, Any]:
        """What of it is the same for every worker at the same position."""

    def left_out(self) -> dict[str, int]:
        """How many rows of which table that leaves out."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state, in a new shop; raises `SnapshotError` when it is none."""


class ExactPart(abc.ABC):
    """A part that is exact by nature."""

    STATE_VERSION = 1
    COMMUTES = True
    approximate = False

    @abc.abstractmethod
    def state(self) -> dict[str, Any]:
        """All of it, as JSON; shares nothing."""

    @abc.abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""

    def exact_state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return self.state()

    def left_out(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state, in a new shop; raises `SnapshotError` when it is none."""
        try:
            self._restore(state)
        except UNSOUND as error:
            raise SnapshotError(f"no state of {type(self).__name__}: {error!r}") from error


class Positions(ExactPart):
    """The next offset of each partition to fold."""

    def __init__(self, position: dict[int, int]) -> None:
        self._position = position

    def state(self) -> dict[str, Any]:
        """Offsets by partition; zero goes without saying."""
        return {str(number): offset for number, offset in sorted(self._position.items()) if offset}

    def _restore(self, state: dict[str, Any]) -> None:
        self._position.update({int(partition): int(offset) for partition, offset in state.items()})


class SessionsByPartition(ExactPart):
    """The sessions of every partition, and what was denied. `of` makes those of one without any."""

    def __init__(
        self, sessions: Mapping[int, Sessions], of: Callable[[int], Sessions], identity: Identity
    ) -> None:
        self._sessions = sessions
        self._of = of
        self._identity = identity

    def state(self) -> dict[str, Any]:
        """Sessions by partition, in the order of leaving; denials, if there are any."""
        kept, denials = self._identity.kept, self._identity.denials
        by_number = sorted(self._sessions.items())
        states = {str(number): sessions.state(kept) for number, sessions in by_number}
        return states | ({DENIALS: denials.state()} if denials else {})

    def exact_state(self) -> dict[str, Any]:
        """Without what returns of other partitions took back: that shows in the models.

        Without the denials, if one ever had to leave, and without who is signed in then.
        """
        sessions, denials = self._sessions, self._identity.denials
        kept = (lambda _: None) if denials.full else self._identity.kept
        states: dict[str, Any] = {
            str(number): sessions[number].state(kept, whole=False) for number in sorted(sessions)
        }
        return states | ({DENIALS: denials.state()} if denials and not denials.full else {})

    def left_out(self) -> dict[str, int]:
        """The denials, if one ever had to leave."""
        denials = self._identity.denials
        return {DENIALS: len(denials)} if denials.full else {}

    @property
    def spoils(self) -> bool:
        """Whether returns may have met orders, or missed them, depending on who read what first."""
        orders = [sessions.orders for sessions in self._sessions.values()]
        return any(one.forgot for one in orders) and any(one.came_back for one in orders)

    def _restore(self, state: dict[str, Any]) -> None:
        for partition, kept in state.items():
            if partition == DENIALS:
                self._identity.denials.restore(kept)
            else:
                self._of(int(partition)).restore(kept)


def restore(parts: Mapping[str, Part], state: Mapping[str, dict[str, Any]]) -> None:
    """Let the parts of a new shop go on from a state; raises `SnapshotError` when it is none."""
    if missing := parts.keys() ^ state.keys():
        raise SnapshotError(f"no state of this shop: {', '.join(sorted(missing))} on one side only")
    for name, part in parts.items():
        part.restore(state[name])


def digests(parts: Mapping[str, Part]) -> dict[str, str]:
    """A hash of what is exact of each part: equal digests, equal parts."""
    exact = {name: part for name, part in parts.items() if _agrees(name, parts)}
    return {name: _hashed(part.exact_state()) for name, part in exact.items()}


def digest(digests: Mapping[str, str]) -> str:
    """One hash of them all: equal digests, equal shops."""
    return _hashed(digests)


def left_out(parts: Mapping[str, Part]) -> dict[str, dict[str, int]]:
    """What the digest does not cover: of each part, how many rows of which table."""
    left = {
        name: part.left_out() if _agrees(name, parts) else WHOLE for name, part in parts.items()
    }
    return {name: rows for name, rows in left.items() if rows}


def _agrees(name: str, parts: Mapping[str, Part]) -> bool:
    """Whether a part is the same for every worker, as far as it says."""
    spoilt = name in TAUGHT_BY_ORDERS and any(getattr(p, "spoils", False) for p in parts.values())
    return parts[name].COMMUTES and not parts[name].approximate and not spoilt


def _hashed(state: Mapping[str, Any]) -> str:
    return sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def tables(learned: Mapping[str, object], sessions: Mapping[int, Sessions]) -> dict[str, TableSize]:
    """How full what is bounded is, by name; of sessions the fullest partition."""
    sizes = {
        f"{name}.{table}": size
        for name, model in learned.items()
        if isinstance(model, Recommender)
        for table, size in model.sizes().items()
    }
    fullest = max(sessions.values(), key=len, default=None)
    if fullest is not None:
        sizes["sessions"] = TableSize(len(fullest), fullest.sessions_max, fullest.forgot)
    return sizes
