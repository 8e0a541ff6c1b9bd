"""Uplift by holdout: shoppers who may get prompts against the control group, from the events.

A unit is whoever the holdout is drawn by: a shopper, or a session of whom nobody knows the shopper
or who gave no consent. It counts from the first event that asks for a prompt on: those who never
ask are the same on both sides, and only noise. Who is held out is reckoned, not logged: by the same
hash as the worker's. (Somebody who signs in during a visit, or consents in it, is two units, one
without orders. Both are drawn by chance: that makes the difference a little smaller, and biases
nothing.)
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from models.evaluation.sample_ratio import ALPHA as SAMPLE_RATIO_ALPHA
from models.evaluation.sample_ratio import split_p
from models.evaluation.uplift import UnitSums, Uplift, uplift
from streams.clients.deduplication import SeenIds
from streams.contract.events import Event, ItemAdded, ItemViewed, OrderPlaced, PromptShown
from streams.shop.assignment import held_out

UNITS_MAX = 500_000
"""Units that are held; further ones are left out, and counted."""
SESSIONS_MAX = 200_000
"""Sessions whose shopper is remembered; the longest idle is forgotten."""
ORDERS_MAX = 500_000
"""Orders that are told apart from their repeats; all else changes nothing when it is repeated."""
CROSSOVERS_MAX = 0.1
"""Share of the held out that may have been shown prompts, before nothing follows any more."""
METRICS = ("orders", "items bought")
COUNTED = (ItemViewed, ItemAdded, OrderPlaced, PromptShown)


@dataclass(slots=True)
class ExperimentUnit:
    """One shopper, or one session."""

    asked: bool = False
    orders: int = 0
    items: int = 0
    shown: bool = False
    """Whether it told of a prompt that it was shown."""


class HoldoutSample(NamedTuple):
    """Whether the sides are as large as they were planned, and got what they were to get."""

    planned_share: float
    observed_share: float | None
    """None: there is nobody yet."""
    sample_ratio_p: float
    """How surprising that is; valid at every look."""
    held_out_shown: int
    """Units that are held out, and were shown a prompt all the same."""

    held_out: int

    @property
    def crossed(self) -> bool:
        """Whether more of the held out were shown prompts than signing in explains."""
        return self.held_out_shown > CROSSOVERS_MAX * self.held_out

    @property
    def alarm(self) -> bool:
        """Whether the share differs by more than chance explains: nothing else can be trusted."""
        return self.sample_ratio_p < SAMPLE_RATIO_ALPHA


def _order(event: OrderPlaced) -> str:
    """What tells an order from all others: its number, in its session."""
    return f"{len(event.session_id)} {event.session_id}{event.order_id}"


class UpliftRow(NamedTuple):
    """What prompts are worth by one metric; None: too little is known."""

    metric: str
    uplift: Uplift | None


class Holdout:
    """Folds events.

    >>> from streams.contract.schemas.examples import EVENT_EXAMPLES
    >>> holdout = Holdout(share=0.0, salt="2026")
    >>> for event in (*EVENT_EXAMPLES, *EVENT_EXAMPLES):
    ...     holdout.add(event)
    >>> holdout.sizes(), [row.uplift for row in holdout.rows()]
    ((0, 1), [None, None])
    """

    def __init__(
        self, share: float, salt: str, units_max: int = UNITS_MAX, orders_max: int = ORDERS_MAX
    ) -> None:
        self.share = share
        self.salt = salt
        self.units_max = units_max
        self.left_out = 0
        """Events of units beyond `units_max`."""
        self._units: dict[str, ExperimentUnit] = {}
        self._shoppers: OrderedDict[str, str] = OrderedDict()
        self._orders = SeenIds(orders_max)

    def add(self, event: Event) -> None:
        """Count an event; a repeat changes nothing, nor does an order of the same number."""
        who = self._who(event)
        if not isinstance(event, COUNTED):
            return
        if isinstance(event, OrderPlaced) and self._orders.before(_order(event)):
            return
        if who not in self._units and len(self._units) >= self.units_max:
            self.left_out += 1
            return
        unit = self._units.setdefault(who, ExperimentUnit())
        if isinstance(event, OrderPlaced):
            unit.orders += 1
            unit.items += sum(line.quantity for line in event.lines)
        elif isinstance(event, PromptShown):
            unit.shown = True
        else:
            unit.asked = True

    def sizes(self) -> tuple[int, int]:
        """How many units are held out, and how many are not."""
        sides = self._sides()
        return len(sides[0]), len(sides[1])

    def sample(self) -> HoldoutSample:
        """Sanity of the split: observed beside planned, and who was prompted though held out."""
        held, prompted = self._sides()
        n = len(held) + len(prompted)
        return HoldoutSample(
            self.share,
            len(held) / n if n else None,
            split_p(len(held), n, self.share),
            sum(unit.shown for unit in held),
            len(held),
        )

    def rows(self, alpha: float = 0.05) -> list[UpliftRow]:
        """By metric: what those who may get prompts do more; bounds hold at every look."""
        held, prompted = self._sides()
        counted: tuple[Callable[[ExperimentUnit], int], ...] = (
            lambda u: u.orders,
            lambda u: u.items,
        )
        return [
            UpliftRow(metric, uplift(_sums(map(count, held)), _sums(map(count, prompted)), alpha))
            for metric, count in zip(METRICS, counted, strict=True)
        ]

    def _sides(self) -> tuple[list[ExperimentUnit], list[ExperimentUnit]]:
        sides: tuple[list[ExperimentUnit], list[ExperimentUnit]] = ([], [])
        for who, unit in self._units.items():
            if unit.asked:
                sides[not held_out(who, share=self.share, salt=self.salt)].append(unit)
        return sides

    def _who(self, event: Event) -> str:
        """The shopper, as far as the session has told by now; the session otherwise.

        As workers take it (`Session.note`): without consent nobody is known.
        """
        session = event.session_id
        if not event.consent:
            self._shoppers.pop(session, None)
        elif event.shopper_id is not None:
            self._shoppers[session] = event.shopper_id
        if session not in self._shoppers:
            return session
        self._shoppers.move_to_end(session)
        if len(self._shoppers) > SESSIONS_MAX:
            self._shoppers.popitem(last=False)
        return self._shoppers[session]


def _sums(values: Iterable[int]) -> UnitSums:
    return reduce(UnitSums.plus, (UnitSums.of(float(value)) for value in values), UnitSums())
