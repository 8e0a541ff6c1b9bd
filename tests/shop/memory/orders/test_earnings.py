"""What a prompt has earned, beside a plain reading of the rules: at every moment, by every fact."""

from collections.abc import Iterator
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.contract.published.outcomes import Stage
from streams.contract.receipts import Receipt
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.earnings import Worth, earnings
from streams.shop.memory.orders.reward.reached import Reached
from tests.stories import NOON_MS

RECEIPT = Receipt("p1", "s1", "popular", "basket/new", 0.5, 0.1, ("butter", "jam"), NOON_MS)
SHOWN = Reached("shown", "seen", NOON_MS)
ORDERS = ("o-1", "o-2")


@st.composite
def facts(draw: st.DrawFn) -> Reached:
    """Any stage of any item, or of none: the oldest facts did not name theirs."""
    stage: Stage = draw(
        st.sampled_from(("clicked", "added", "added", "removed", "bought", "bought", "returned"))
    )
    item = draw(st.sampled_from(("butter", "jam", "jam", None)))
    at_ms = NOON_MS + draw(st.integers(0, 4))
    order = draw(st.sampled_from(ORDERS)) if stage in ("bought", "returned") else None
    return Reached(stage, "e", at_ms, 0.0, item, draw(st.integers(1, 3)), order)


histories = st.lists(facts(), max_size=9)
worths = st.builds(Worth, *(st.sampled_from((0.0, 0.1, 0.5, 0.75, 1.0)) for _ in range(3)))


def basket_and_bag(
    told: list[Reached], item: str | None, until_ms: float, *, after: bool = False
) -> tuple[int, int]:
    """How many of an item are in the basket then, and how many were bought; moment by moment.

    In one moment what comes in comes first, then an order, then what is taken out; that which was
    taken out at `until_ms` goes after it, and counts only if it is asked what is left `after`.
    """
    basket = bag = 0
    for now_ms in sorted({fact.at_ms for fact in told if fact.at_ms <= until_ms}):
        now = [fact for fact in told if fact.at_ms == now_ms and fact.item_id == item]
        basket += sum(fact.quantity for fact in now if fact.stage == "added")
        paid = min(basket, sum(fact.quantity for fact in now if fact.stage == "bought"))
        basket, bag = basket - paid, bag + paid
        if now_ms < until_ms or after:
            basket -= min(basket, sum(f.quantity for f in now if f.stage == "removed"))
    return basket, bag


class Ledger:
    """What the facts come to, counted by hand."""

    def __init__(self, told: list[Reached], worth: Worth) -> None:
        self.told = told
        self.worth = worth
        clicked = [worth.clicked for _ in self.of("clicked")]
        self.base = max(clicked + [worth.added for _ in self.kept_adds()], default=0.0)

    def of(self, stage: Stage, until_ms: float = inf) -> list[Reached]:
        """What reached a stage by a time."""
        return [fact for fact in self.told if fact.stage == stage and fact.at_ms <= until_ms]

    def stands(self, item: str | None, until_ms: float) -> bool:
        """Whether some was not taken out before it was bought; of nothing that is named all is."""
        return item is None or sum(basket_and_bag(self.told, item, until_ms)) > 0

    def kept_adds(self, until_ms: float = inf) -> list[Reached]:
        """What was added by then and is there to this day."""
        return [fact for fact in self.of("added", until_ms) if self.stands(fact.item_id, inf)]

    def sold(self, order: str) -> list[Reached]:
        """What an order bought of what stood added then."""
        bought = [fact for fact in self.of("bought") if fact.order_id == order]
        return [fact for fact in bought if self.stands(fact.item_id, fact.at_ms)]

    def kept_share(self, order: str) -> float:
        """Each item has an equal part, and each of its pieces of that."""
        shares = []
        for fact in self.sold(order):
            back = [f for f in self.of("returned") if f.order_id == order]
            came = sum(f.quantity for f in back if fact.item_id in (None, f.item_id))
            shares.append(max(0.0, 1.0 - came / fact.quantity))
        return sum(shares) / len(shares) if shares else 0.0

    def lifts(self, until_ms: float) -> Iterator[float]:
        """What each order has lifted it to by then."""
        for order in ORDERS:
            share = self.kept_share(order)
            if share and self.worth.bought > self.base and self.sold(order)[0].at_ms <= until_ms:
                yield self.base + (self.worth.bought - self.base) * share

    def earned(self, until_ms: float) -> float:
        """The best that had happened by then, as far as it has lasted."""
        clicked = [self.worth.clicked for _ in self.of("clicked", until_ms)]
        added = [self.worth.added for _ in self.kept_adds(until_ms)]
        return max([0.0, *clicked, *added, *self.lifts(until_ms)])


def told_of(stage: Stage, after_ms: int, item: str | None = None, quantity: int = 1) -> Reached:
    """A fact so much after noon; without an item, as it was told once."""
    order = "o-1" if stage in ("bought", "returned") else None
    return Reached(stage, "e", NOON_MS + after_ms, 0.0, item, quantity, order)


@example([told_of("bought", 0, quantity=2), told_of("returned", 1)], Worth(0.1, 0.5, 1.0))
@example([told_of("bought", 0), told_of("clicked", 2)], Worth(0.5, 0.5, 0.25))
@example([told_of("added", 3, "jam"), told_of("added", 1, "jam")], Worth(0.0, 0.5, 1.0))
@example([told_of("added", 1, "jam"), told_of("added", 3, "jam")], Worth(0.0, 0.5, 1.0))
@example([told_of("added", 1), told_of("removed", 2, "jam", 3)], Worth(0.0, 0.5, 1.0))
@example([told_of("removed", 1, "jam", 3), told_of("bought", 2)], Worth(0.0, 0.5, 1.0))
@example(
    [told_of(stage, 1, item) for stage in ("added", "bought") for item in ("jam", "butter")]
    + [told_of("returned", 2, "jam", 3)],
    Worth(0.0, 0.5, 1.0),
)
@settings(max_examples=200)
@given(histories, worths)
def test_what_was_earned_by_a_moment_is_the_best_that_had_happened_by_then(
    told: list[Reached], worth: Worth
) -> None:
    """Stage by stage: what lasted, and of orders the share that was kept."""
    steps = earnings(Impression(RECEIPT, [SHOWN, *told]), worth)

    times_ms = [at_ms for at_ms, _ in steps]
    assert sorted(times_ms) == times_ms
    assert all(gain > 0 for _, gain in steps)
    for at_ms in range(NOON_MS - 1, NOON_MS + 6):
        gained = sum(gain for when, gain in steps if when <= at_ms)
        assert Ledger(told, worth).earned(at_ms) == pytest.approx(gained)


@given(histories, worths)
def test_no_prompt_earns_less_than_nothing_or_more_than_all(
    told: list[Reached], worth: Worth
) -> None:
    """A reward is a probability to the policy: in [0, 1], whatever is told."""
    earned = sum(gain for _, gain in earnings(Impression(RECEIPT, [SHOWN, *told]), worth))

    assert 0.0 <= earned <= max(worth) + 1e-12
