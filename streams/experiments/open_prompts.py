"""A prompt whose outcomes are still being joined; and what came back elsewhere of what it sold.

Outcomes of a prompt tell returns that were told on its order's partition. Others are told as
`unmatched`, by the order's number alone. What such a return takes back is what the prompt earns
less by it: the best of its orders counts, by the share of it that was kept; where prompts earn
money, each sale by itself. One that the prompt's own outcomes tell as well counts once: there it
has the same time, and as `caused_by` the event, and its session, if that is not the prompt's (ids
of events are good for one session alone; once it was the event alone); or, where it was told before
its order, the `caused_by` of the purchase. In money, what a late add of a sold item earned by
itself is not taken back here by a return that was told elsewhere; the policy knows it exactly.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from sys import intern
from typing import NamedTuple

from streams.contract.events import identity_of
from streams.contract.published.outcomes import ITEM_STAGES, STAGES, Outcome, Unmatched
from streams.contract.published.prompts import Prompt

REWARD_MAX = 1.0
"""No stage adds more, and none takes back more: a prompt earns from 0 to 1."""
ROUNDING = 1e-6
LINES_MAX = 200_000
"""Lines of what came back elsewhere, in all; some 700 bytes each."""
RETURNS_OF_ORDER_MAX = 32
"""Returns that are held of one order: whoever tells more of one number costs no more than that."""
PROMPTED = 1
"""The bit of a prompt among what was published; those of stages are above it."""
BITS = {stage: 2 << at for at, stage in enumerate(STAGES)}


class QuietTime(NamedTuple):
    """That nothing has come since then, nor is under way until then, by the broker's clock.

    0: nobody knows. See `streams.experiments.evidence.quiet_log`.
    """

    since_ms: int = 0
    until_ms: int = 0

    def after(self, told_ms: int) -> int:
        """What time it is where this was told last, and nothing since; 0: nobody knows.

        >>> QuietTime(1_000, 1_600).after(990), QuietTime(1_000, 1_600).after(1_700)
        (1590, 1600)
        >>> QuietTime().after(990)
        0
        """
        return min(told_ms, self.since_ms) + self.until_ms - self.since_ms if self.until_ms else 0


class Logged(NamedTuple):
    """What is kept of a prompt: arms share one tuple of names, so that many fit."""

    arm: str
    context: str
    arms: tuple[str, ...]
    propensities: tuple[float, ...]
    estimates: tuple[float, ...]
    expires_at_ms: int

    @classmethod
    def of(
        cls, prompt: Prompt | Outcome, arms: tuple[str, ...], propensities: tuple[float, ...]
    ) -> "Logged":
        """What a prompt says of itself, or the outcome that it was shown."""
        known = prompt.estimates or {}
        estimates = tuple(known.get(arm, 0.0) for arm in arms) if known else ()
        until_ms = prompt.expires_at_ms if isinstance(prompt, Prompt) else prompt.occurred_at_ms
        said = intern(prompt.arm), intern(prompt.context)
        return cls(*said, arms, propensities, estimates, until_ms)


class Traded(NamedTuple):
    """So many of an item were bought, or came back."""

    stage: str
    order_id: str | None
    item_id: str | None
    quantity: int
    reward: float
    caused_by: str
    at_ms: int


class Back(NamedTuple):
    """What came back by one event."""

    session_id: str
    caused_by: str
    at_ms: int
    quantities: dict[str, int] | None
    """By item; None: all of the order."""

    @property
    def names(self) -> tuple[str, str]:
        """What tells it from all other returns of its order."""
        return self.session_id, self.caused_by

    @property
    def told_as(self) -> set[tuple[str, int]]:
        """What outcomes of prompts have as its cause and time."""
        causes = self.caused_by, identity_of(self.session_id, self.caused_by)
        return {(cause, self.at_ms) for cause in causes}

    @property
    def size(self) -> int:
        """In lines."""
        return max(1, len(self.quantities or ()))

    def of(self, sale: Traded) -> int:
        """How many of what was sold."""
        if self.quantities is None:
            return sale.quantity
        return self.quantities.get(sale.item_id or "", 0)


@dataclass(slots=True)
class OpenPrompt:
    """What is known of a prompt by now."""

    logged: Logged | None = None
    shown_ms: int | None = None
    rewards: tuple[tuple[int, float], ...] = ()
    """When, and what it brought."""
    published: int = 0
    """The bits of what was published of it."""
    by_item: frozenset[tuple[str, ...]] = frozenset()
    """The outcomes that were told by item."""
    traded: tuple[Traded, ...] = ()
    """What was bought, and what came back of that."""
    partition: int = 0
    sweep: int = 0
    """After how many sweeps it was news."""

    def repeats(self, published: Prompt | Outcome, bit: int) -> bool:
        """Whether this was published before; notes that it was now."""
        before, self.published = self.published & bit, self.published | bit
        if isinstance(published, Prompt) or published.stage not in ITEM_STAGES:
            return bool(before)
        told, self.by_item = self.by_item, self.by_item | {published.identity}
        return self.by_item == told

    def earn(self, outcome: Outcome) -> None:
        """Note what an outcome brought."""
        self.rewards += ((outcome.occurred_at_ms, outcome.reward),)
        if outcome.stage in ("bought", "returned"):
            about = outcome.order_id, outcome.item_id, outcome.quantity or 1
            by = outcome.caused_by, outcome.occurred_at_ms
            self.traded += (Traded(outcome.stage, *about, outcome.reward, *by),)


class ReturnsElsewhere:
    """What came back, by order, where no outcome of a prompt may tell it; each return once.

    Of too much the oldest orders are forgotten, and what an order has too many of; both counted,
    the latter where a prompt has sold some of the order: else it is of no prompt's reward.
    """

    def __init__(self, lines_max: int = LINES_MAX, *, in_money: bool = False) -> None:
        self.lines_max = lines_max
        self._in_money = in_money
        self.forgotten = 0
        """Returns that could not be held, and may be of what a prompt sold."""
        self._too_many = Counter[str | None]()
        """Those that an order has too many of, of orders that no settled prompt had by then."""
        self._lines = 0
        self._orders: OrderedDict[str | None, tuple[Back, ...]] = OrderedDict()

    def add(self, back: Unmatched) -> None:
        """Something came back of an order that its session did not know."""
        said = _back(back)
        before = self._orders.setdefault(back.order_id, ())
        if any(one.names == said.names for one in before):
            return
        if len(before) >= RETURNS_OF_ORDER_MAX:
            self._too_many[back.order_id] += 1
            return
        self._orders[back.order_id] = (*before, said)
        self._lines += said.size
        while self._lines > self.lines_max:
            order_id, oldest = self._orders.popitem(last=False)
            self.forgotten += len(oldest) + self._too_many.pop(order_id, 0)
            self._lines -= sum(one.size for one in oldest)

    @property
    def orders(self) -> list[str | None]:
        """The orders of which something came back, the first first."""
        return list(self._orders)

    def miss(self, one: OpenPrompt) -> None:
        """Count what is not known of the orders of a prompt, which is settled now."""
        for fact in one.traded:
            self.forgotten += self._too_many.pop(fact.order_id, 0)

    def lost(self, one: OpenPrompt, until_ms: float) -> float:
        """What a prompt has lost again up to a time, by returns that its outcomes do not tell.

        The best of its orders counts (`streams.shop.memory.orders.reward.earnings`): by what its
        outcomes tell they have brought `lift` times the largest share that was kept of an order;
        what came back elsewhere may leave a smaller one, or another order's. In money all sales
        count, each loses its own part: exact but for whole minor units, where nothing is clipped,
        and where the piece was not ordered again (which, freed, is then that order's).
        """
        if not any(fact.order_id in self._orders for fact in one.traded):
            return 0.0
        traded = [fact for fact in one.traded if fact.at_ms <= until_ms]
        if self._in_money:
            sales = (fact for fact in traded if fact.stage == "bought")
            return sum(self._lost_of(sale, traded, until_ms) for sale in sales)
        told, kept = 0.0, 0.0
        for order_id in {fact.order_id for fact in traded if fact.stage == "bought"}:
            facts = [fact for fact in traded if fact.order_id == order_id]
            told = max(told, _share_kept(facts, ()))
            kept = max(kept, _share_kept(facts, self._backs(order_id, until_ms)))
        brought = sum(fact.reward for fact in traded)
        return brought * (1.0 - kept / told) if told else 0.0

    def _backs(self, order_id: str | None, until_ms: float) -> list[Back]:
        return [back for back in self._orders.get(order_id, ()) if back.at_ms <= until_ms]

    def _lost_of(self, sale: Traded, traded: Sequence[Traded], until_ms: float) -> float:
        """What a sale has lost by what came back elsewhere: its part of what is left of it."""
        told = _returns_of(sale, traded)
        left = sale.quantity - sum(fact.quantity for fact in told)
        gone = min(sale.quantity, _gone(sale, told, self._backs(sale.order_id, until_ms)))
        more = gone - (sale.quantity - left)
        if left <= 0 or more <= 0:
            return 0.0
        return (sale.reward + sum(fact.reward for fact in told)) * more / left


def _back(back: Unmatched) -> Back:
    quantities = Counter[str]()
    for line in back.lines:
        quantities[intern(line.item_id)] -= line.quantity
    whole = None if not back.lines else dict(quantities)
    return Back(back.session_id, back.caused_by, back.occurred_at_ms, whole)


def _share_kept(facts: Sequence[Traded], backs: Sequence[Back]) -> float:
    """The share of an order that was kept: each item has an equal part, each piece one of that.

    `facts` are all that the prompt's outcomes tell of the order.
    """
    shares = []
    for sale in facts:
        if sale.stage == "bought":
            gone = _gone(sale, _returns_of(sale, facts), backs)
            shares.append(1.0 - max(0, min(gone, sale.quantity)) / sale.quantity)
    return sum(sorted(shares)) / len(shares)


def _returns_of(sale: Traded, facts: Sequence[Traded]) -> list[Traded]:
    about = "returned", sale.order_id, sale.item_id
    return [fact for fact in facts if fact[: len(about)] == about]


def _gone(sale: Traded, told: Sequence[Traded], backs: Sequence[Back]) -> int:
    """How many of a sale came back, as outcomes of the prompt have told it and elsewhere."""
    known = {(fact.caused_by, fact.at_ms) for fact in told}
    before = sum(fact.quantity for fact in told if fact.caused_by == sale.caused_by)
    more = sum(back.of(sale) for back in backs if known.isdisjoint(back.told_as))
    return sum(fact.quantity for fact in told) + max(0, min(more, sale.quantity) - before)


def possible(published: Prompt | Outcome) -> bool:
    """Whether it can be true; a sum would never recover from a reward that is none.

    >>> from streams.contract.schemas.examples import OUTCOME, PROMPT
    >>> possible(OUTCOME), possible(OUTCOME.model_copy(update={"reward": float("nan")}))
    (True, False)
    >>> possible(PROMPT), possible(PROMPT.model_copy(update={"arm": "not on offer"}))
    (True, False)
    """
    if isinstance(published, Outcome) and not abs(published.reward) <= REWARD_MAX + ROUNDING:
        return False
    chances = published.propensities
    return chances is None or (
        chances.get(published.arm, 0.0) > 0.0
        and all(0.0 <= chance <= 1.0 + ROUNDING for chance in chances.values())
        and all(map(isfinite, (published.estimates or {}).values()))
    )
