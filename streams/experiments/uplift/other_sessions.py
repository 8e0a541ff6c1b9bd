"""Orders of sessions that had not asked, or too late: a payment page's, a webhook's, a till's.

Such a session is on no side, but its order says whose it is. It counts for a unit that was assigned
by then, in another session: for the visitor who is named, or else for the shopper, if the *first*
assignment of a unit named that one. Later ones do not tell whose an order is: who signs in later
may do so because of a prompt, and then the sides would not be alike.

What a session tells that had been assigned itself, of the same order, goes before all of this.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from streams.contract.published.outcomes import Ordered
from streams.experiments.uplift.net_orders import OrderSeen, order_of, order_seen

TELLERS_MAX = 8
"""Sessions whose word on one order is kept."""


class Side(Protocol):
    """A unit's first assignment."""

    @property
    def at_ms(self) -> int:
        """When it was assigned."""

    @property
    def unit(self) -> str:
        """Its name."""

    @property
    def shopper(self) -> str:
        """Who was signed in then; "" if nobody was named."""


class OrderTold(NamedTuple):
    """An order, as a session told it that had not asked."""

    order: OrderSeen
    shopper: str


class OtherSessions:
    """The orders that such sessions told, by number; each session's word once."""

    def __init__(self, orders_max: int) -> None:
        self.orders_max = orders_max
        self._told: dict[str, dict[str, OrderTold]] = {}
        """By number and session."""

    def add(self, record: Ordered) -> bool:
        """Note an order; False if there is no room for it."""
        told = self._told.get(record.order_id, {})
        if record.session_id not in told:
            full = not told and len(self._told) >= self.orders_max
            if full or len(told) >= TELLERS_MAX:
                return False
        one = OrderTold(order_seen(record), record.shopper or "")
        told[record.session_id] = min(told.get(record.session_id, one), one, key=_when)
        self._told[record.order_id] = told
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def of(
        self, experiment: str, first: Mapping[str, Side], known: Collection[str]
    ) -> Iterator[tuple[str, str, OrderSeen]]:
        """Orders of these units: by number, and whose; not those that are `known` otherwise."""
        signed_in = _by_shopper(first.values())
        for number, told in self._told.items():
            if number not in known:
                for one in sorted(told.values(), key=_when):
                    side = first.get(one.order.unit) or signed_in.get(one.shopper)
                    mine = one.order.experiment == experiment
                    if mine and side is not None and side.at_ms <= one.order.at[0]:
                        yield number, side.unit, one.order
                        break

    def not_of(
        self,
        experiment: str,
        first: Mapping[str, Side],
        every: Mapping[str, Side],
        known: Collection[str],
        time_ms: range,
    ) -> tuple[set[str], set[str]]:
        """Orders of none of the `first` units: those of `every` other one, and those of nobody.

        Of nobody are those alone that were placed in that time: before it nobody was assigned.
        Whose assignment the log has forgotten is not told from who never had one.
        """
        mine, theirs = ({one[0] for one in self.of(experiment, of, known)} for of in (first, every))
        known = {*known, *mine, *theirs}
        nobodys = {
            number
            for number, told in self._told.items()
            if number not in known
            for order in [min(told.values(), key=_when).order]
            if order.experiment == experiment and order.at[0] in time_ms
        }
        return theirs - mine, nobodys

    def as_of(self, at_ms: int) -> "OtherSessions":
        """The orders that had been told by then."""
        then = OtherSessions(self.orders_max)
        for number, told in self._told.items():
            known = {name: one for name, one in told.items() if one.order.at[0] <= at_ms}
            if known:
                then._told[number] = known
        return then

    def state(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            number: {name: [one.order.state(), one.shopper] for name, one in told.items()}
            for number, told in self._told.items()
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; `TypeError`, `ValueError` or `KeyError` when it is none."""
        self._told = {
            number: {name: OrderTold(order_of(order), who) for name, (order, who) in told.items()}
            for number, told in state.items()
        }


def _by_shopper(sides: Iterable[Side]) -> dict[str, Side]:
    """By shopper the unit that was assigned first of those that named this one."""
    found: dict[str, Side] = {}
    for side in sorted(sides, key=lambda side: (side.at_ms, side.unit)):
        if side.shopper:
            found.setdefault(side.shopper, side)
    return found


def _when(told: OrderTold) -> tuple[Any, str]:
    """The earlier one; of two of one event, which told more or less, always the same."""
    return told.order.at, repr(told)
