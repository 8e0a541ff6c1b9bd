"""What units of experiments did, from outcomes: who was assigned, ordered, and sent back what.

Everything is read off the records: sides are logged, never reckoned. Records come in any order and
more than once: of each that counts once the earliest is kept, and returns are joined with orders by
their number when somebody asks. So a fold of the same records is the same, however partitions
interleave. Orders count net of what came back of them.

A unit counts from its assignment on: who never asked is the same on both sides, and only noise.
So do orders of its sessions that never ask: see `streams.experiments.uplift.other_sessions`.
Memory is bounded: what there is no room for is left out, and counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any, NamedTuple

from streams.contract.published.outcomes import (
    AnyOutcome,
    Assigned,
    Ordered,
    Outcome,
    Returned,
    Unmatched,
)
from streams.contract.wire.numbers import NO_TIME_BEFORE_MS, YEAR_9999_MS
from streams.experiments.uplift.net_orders import (
    At,
    CameBack,
    OrderSeen,
    UnitTotals,
    at_of,
    back_of,
    back_seen,
    count,
    order_of,
    order_seen,
)
from streams.experiments.uplift.other_sessions import OtherSessions
from streams.experiments.uplift.sides import (
    ExperimentSeen,
    SideOf,
    bits_of,
    first_sides,
    on_both,
    seen_of,
)

SESSIONS_MAX = 500_000
"""Sessions that are held, in some 500 bytes each; further ones are left out, and counted."""
ORDERS_MAX = 500_000


class ExperimentTotals(NamedTuple):
    """What its units did."""

    seen: ExperimentSeen
    held_out: list[UnitTotals]
    may_get: list[UnitTotals]
    held_out_shown: int
    """Units that are held out, and were shown a prompt all the same."""
    crossed_units: int
    """Units that were seen on both sides, which no draw does."""
    crossed_shoppers: int
    """People who signed in on units of both sides: two devices, mostly."""
    orders_left_out: int
    """Orders of units whose assignment is not among the records."""
    units_before: int = 0
    """Units that were assigned before the time that is asked for: they are left out, as who comes
    back may do so because of a prompt, and then the sides would not be alike."""
    orders_outside: int = 0
    """Orders of units that are known, but were assigned before that time, or after it."""
    orders_of_nobody: int = 0
    """Orders of sessions that had not asked in time, placed in that time and since the first
    assignment, whose visitor or shopper had not been assigned by then, as far as records tell."""


class Units:
    """Folds outcomes.

    >>> from streams.contract.schemas.examples import UNIT_OUTCOMES
    >>> units = Units()
    >>> for record in (*UNIT_OUTCOMES, *UNIT_OUTCOMES):
    ...     units.add(record)
    >>> totals = units.totals(units.experiments()[-1].id)
    >>> [(unit.orders, unit.items, unit.revenue) for unit in totals.may_get]
    [(1, 2, {'EUR': 638})]
    """

    def __init__(self, sessions_max: int = SESSIONS_MAX, orders_max: int = ORDERS_MAX) -> None:
        self.sessions_max = sessions_max
        self.orders_max = orders_max
        self.left_out = 0
        """Records of sessions and orders that there was no room for."""
        self._sides: dict[str, dict[str, SideOf]] = {}
        """By experiment and session."""
        self._sessions = 0
        self._shown: dict[str, int] = {}
        """By session the time of the latest prompt that it was shown."""
        self._shoppers: dict[str, set[tuple[str, str]]] = {}
        """By experiment the shoppers that signed in, and their units."""
        self._orders: dict[str, OrderSeen] = {}
        self._others = OtherSessions(orders_max)
        self._returns: dict[str, dict[At, CameBack]] = {}

    def add(self, record: AnyOutcome, written_ms: int = 0) -> None:
        """Count a record, which the broker got at that time; a repeat changes nothing."""
        match record:
            case Assigned():
                known = written_ms >= NO_TIME_BEFORE_MS
                self._assigned(record, written_ms if known else 0)
            case Ordered():
                self._ordered(record)
            case Returned() | Unmatched():
                self._returned(record)
            case Outcome(stage="shown"):
                self._was_shown(record)

    def experiments(self) -> list[ExperimentSeen]:
        """Those that there are assignments of, the one that began last at the end."""
        found = [seen_of(name, sides.values()) for name, sides in self._sides.items()]
        return sorted(found, key=lambda one: (one.first_ms, one.id))

    def knows(self, experiment: str) -> bool:
        """Whether anybody has been assigned to it."""
        return experiment in self._sides

    def unmatched(self) -> int:
        """How many returns are of no order that is known."""
        unknown = self._returns.keys() - self._orders.keys() - {*self._others}
        return sum(len(self._returns[order]) for order in unknown)

    def totals(
        self, experiment: str, since_ms: int = 0, until_ms: int = YEAR_9999_MS
    ) -> ExperimentTotals:
        """What units did that were assigned in that time. Raises `KeyError` for an unknown one."""
        every = self._sides[experiment]
        old = {side.unit for side in every.values() if side.at_ms < since_ms}
        sides = {
            session: side
            for session, side in every.items()
            if since_ms <= side.at_ms < until_ms and side.unit not in old
        }
        units = first_sides(sides.values())
        bits = bits_of(sides.values())
        totals, others = self._summed(experiment, units)
        from_ms = max(since_ms, seen_of(experiment, every.values()).first_ms)
        theirs, nobodys = self._others.not_of(
            experiment, units, first_sides(every.values()), self._orders, range(from_ms, until_ms)
        )
        outside = others.keys() & {side.unit for side in every.values()}
        named = self._shoppers.get(experiment, set())
        signed_in = ((shopper, bits.get(unit, 0)) for shopper, unit in named)
        shown = {
            side.unit
            for session, side in sides.items()
            if side.holdout and self._shown.get(session, 0) >= side.at_ms
        }
        return ExperimentTotals(
            seen_of(experiment, sides.values() or every.values()),
            [totals[unit] for unit, side in units.items() if side.holdout],
            [totals[unit] for unit, side in units.items() if not side.holdout],
            len(shown),
            on_both(bits.items()),
            on_both(signed_in),
            sum(number for unit, number in others.items() if unit not in outside),
            len(old),
            sum(others[unit] for unit in outside) + len(theirs),
            len(nobodys),
        )

    def _summed(
        self, experiment: str, units: Mapping[str, SideOf]
    ) -> tuple[dict[str, UnitTotals], Counter[str]]:
        """By unit what it did, and how many orders are of which other unit."""
        totals = {
            unit: UnitTotals(before=side.orders_before, context=side.context)
            for unit, side in units.items()
        }
        others = Counter[str]()
        for number, order in self._orders.items():
            if order.experiment == experiment and order.unit in totals:
                count(totals[order.unit], order, self._returns.get(number, {}).values())
            elif order.experiment == experiment:
                others[order.unit] += 1
        for number, unit, order in self._others.of(experiment, units, self._orders):
            count(totals[unit], order, self._returns.get(number, {}).values())
        return totals, others

    def _assigned(self, record: Assigned, written_ms: int) -> None:
        sides = self._sides.setdefault(record.experiment, {})
        before = sides.get(record.session_id)
        if before is None:
            if self._sessions >= self.sessions_max:
                self.left_out += 1
                return
            self._sessions += 1
        told = intern(record.context or ""), record.orders_before, record.shopper or "", written_ms
        side = SideOf(record.occurred_at_ms, record.unit, record.holdout, record.share, *told)
        sides[record.session_id] = side if before is None else min(before, side)
        self._signed_in(record)

    def _signed_in(self, record: Assigned | Ordered) -> None:
        if record.shopper is not None:
            known = self._shoppers.setdefault(record.experiment, set())
            known.add((record.shopper, record.unit))

    def _ordered(self, record: Ordered) -> None:
        if record.known_by is not None:
            self.left_out += not self._others.add(record)
            return
        before = self._orders.get(record.order_id)
        if before is None and len(self._orders) >= self.orders_max:
            self.left_out += 1
            return
        order = order_seen(record)
        self._orders[record.order_id] = order if before is None else _earlier(before, order)
        self._signed_in(record)

    def _returned(self, record: Returned | Unmatched) -> None:
        if record.order_id not in self._returns and len(self._returns) >= self.orders_max:
            self.left_out += 1
            return
        told = self._returns.setdefault(record.order_id, {})
        at, back = at_of(record), back_seen(record)
        told[at] = min(told.get(at, back), back, key=repr)

    def _was_shown(self, record: Outcome) -> None:
        session = record.session_id
        if session in self._shown or len(self._shown) < self.sessions_max:
            self._shown[session] = max(self._shown.get(session, 0), record.prompted_at_ms)

    def as_of(self, at_ms: int) -> "Units":
        """What was known at that time: who was assigned by then, ordered, and sent back what."""
        then = Units(self.sessions_max, self.orders_max)
        for name, sides in self._sides.items():
            known = {session: side for session, side in sides.items() if side.at_ms <= at_ms}
            if known:
                then._sides[name] = known
        then._shown, then._shoppers = self._shown, self._shoppers
        then._orders = {n: order for n, order in self._orders.items() if order.at[0] <= at_ms}
        then._others = self._others.as_of(at_ms)
        then._returns = {
            number: {at: back for at, back in told.items() if at[0] <= at_ms}
            for number, told in self._returns.items()
        }
        return then

    # To be kept

    def state(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "left_out": self.left_out,
            "sides": {
                name: {session: list(side) for session, side in sides.items()}
                for name, sides in self._sides.items()
            },
            "shown": self._shown,
            "shoppers": {name: sorted(known) for name, known in self._shoppers.items()},
            "orders": {number: order.state() for number, order in self._orders.items()},
            "others": self._others.state(),
            "returns": {
                order: [[at, *back.state()] for at, back in of.items()]
                for order, of in self._returns.items()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state; `TypeError`, `ValueError` or `KeyError` when it is none."""
        self.left_out = state["left_out"]
        self._sides = {
            name: {session: _side_of(side) for session, side in sides.items()}
            for name, sides in state["sides"].items()
        }
        self._sessions = sum(map(len, self._sides.values()))
        self._shown = dict(state["shown"])
        self._shoppers = {name: {(s, u) for s, u in of} for name, of in state["shoppers"].items()}
        self._orders = {number: order_of(order) for number, order in state["orders"].items()}
        self._others.restore(state.get("others", {}))
        self._returns = {
            order: {(at[0], at[1]): back_of(*back) for at, *back in of}
            for order, of in state["returns"].items()
        }


def _side_of(state: Iterable[Any]) -> SideOf:
    """The assignment that JSON has made a list. A context is one text for all who share it."""
    side = SideOf(*state)
    return side._replace(context=intern(side.context))


def _earlier(one: OrderSeen, other: OrderSeen) -> OrderSeen:
    """The earlier one; of two of one event, which told more or less, always the same."""
    return min(one, other, key=lambda order: (order.at, repr(order)))
