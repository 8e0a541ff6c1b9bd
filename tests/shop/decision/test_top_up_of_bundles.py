"""The top-up where there are bundles: what is offered reaches after all discounts, or nothing."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from models import Candidate
from streams.contract.events.reference.bundles import BundleTerms
from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.bundles import Bundles, SavedBeside, whole
from streams.shop.decision.slots.overshoot import CLOSE
from streams.shop.decision.slots.top_up import PriceTag, TopUpArm, gap
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session
from tests.shop.decision.test_top_up import offered, till

SOLD = "abcdef"
BASKET = "xy"
THRESHOLD = {"EUR": 100}
BEYOND = 10


class OneAfterAnother(NamedTuple):
    """An arm that offers these, in their order."""

    items: Sequence[str]

    def proposes(self, _learned: Learned, _question: CandidateQuery) -> bool:
        """Always."""
        return True

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """As many as are asked for."""
        return [Candidate(item, 1.0, 0, 0) for item in self.items[: question.items_max]]


def paid(
    basket: dict[str, int], costs: dict[str, int], defined: dict[str, tuple[tuple[str, ...], int]]
) -> int:
    """At the till: bundle by bundle, by name, as often as its pieces are still there."""
    left, total = dict(basket), sum(costs[item] * many for item, many in basket.items())
    for name in sorted(defined):
        items, discount = defined[name]
        price = sum(costs[item] for item in items)
        while all(left.get(item, 0) > 0 for item in items):
            total -= discount if discount < price else 0
            for item in items:
                left[item] -= 1
    return total


def plainly(
    basket: dict[str, int],
    costs: dict[str, int],
    defined: dict[str, tuple[tuple[str, ...], int]],
    most: int,
) -> tuple[str, ...]:
    """Of one size after the other the cheapest that reach, with and without the discounts."""
    missing, best = THRESHOLD["EUR"] - paid(basket, costs, defined), None
    for size in range(1, most + 1):
        for found in combinations(SOLD, size):
            total = sum(costs[item] for item in found)
            then = paid({**basket, **dict.fromkeys(found, 1)}, costs, defined)
            if missing <= total <= missing + BEYOND and then >= THRESHOLD["EUR"]:
                said = total, size, found
                best = said if best is None else min(best, said)
        if best is not None and best[0] - missing <= CLOSE * missing:
            break
    return () if best is None else best[2]


@given(
    costs=st.fixed_dictionaries({item: st.integers(1, 60) for item in SOLD + BASKET}),
    basket=st.fixed_dictionaries({"x": st.integers(1, 3)}, optional={"y": st.integers(1, 2)}),
    bundles=st.dictionaries(
        st.sampled_from(("duo", "more", "trio", "zero")),
        st.tuples(
            st.lists(st.sampled_from(SOLD + BASKET), min_size=2, max_size=4, unique=True),
            st.integers(1, 40),
        ),
    ),
    most=st.integers(1, 3),
)
def test_what_is_offered_is_what_a_search_of_all_finds(
    costs: dict[str, int],
    basket: dict[str, int],
    bundles: dict[str, tuple[list[str], int]],
    most: int,
) -> None:
    """The same items; and that there are any is known beforehand."""
    defined, said = Bundles(), {name: (tuple(of), less) for name, (of, less) in bundles.items()}
    for name, (items, less) in said.items():
        defined.put(name, BundleTerms(items=items, discount_minor={"EUR": less}))
    prices = {item: PriceTag(cost, 1, "EUR") for item, cost in costs.items()}
    saved = whole(defined, basket).saved_minor(defined, prices)
    missing = gap(basket, prices, THRESHOLD, lambda: saved)
    lacks = THRESHOLD["EUR"] - paid(basket, costs, said)
    assert max(0, lacks) == (missing.missing_minor if missing else 0)
    if missing is None:
        return
    beside = SavedBeside(defined, prices, basket)
    arms = {"popular": OneAfterAnother(SOLD)}
    arm = TopUpArm(missing, prices, arms, beside=beside)
    learned, query = till().shop.learned, CandidateQuery(Session("s", 0, 0), "x", 0.0, (), most)
    found = tuple(one.item for one in arm.candidates(learned, query))

    assert plainly(basket, costs, said, most) == found
    assert bool(found) == arm.proposes(learned, query)


def test_a_bundle_of_which_nothing_is_there_yet_lifts_nothing_that_its_discount_takes_back() -> (
    None
):
    """Jam and butter for 30.00 take 5.00 off together: butter and tea are dearer, and do it."""
    shop = till(free_shipping="EUR=6000")
    assert shop.catalog is not None
    saves = {"items": ("butter", "jam"), "discount_minor": {"EUR": 500}}
    shop.catalog.bundles.put("spread", BundleTerms.model_validate(saves))
    told = {tuple(sorted(i.item_id for i in p.items)) for p in offered(shop, "bread")}

    assert {("butter", "tea")} == told


def test_an_open_bundle_changes_nothing_of_what_does_not_complete_it() -> None:
    """Bread, butter and jam are one: butter alone completes nothing, so it lifts as it did."""
    told = []
    for defined in (False, True):
        shop = till(free_shipping="EUR=6300")
        assert shop.catalog is not None
        if defined:
            saves = {"items": ("bread", "butter", "jam"), "discount_minor": {"EUR": 500}}
            shop.catalog.bundles.put("breakfast", BundleTerms.model_validate(saves))
        told.append({tuple(sorted(i.item_id for i in p.items)) for p in offered(shop, "bread")})

    assert [{("butter", "tea")}] * 2 == told


def test_what_completes_a_bundle_and_reaches_after_its_discount_is_taken() -> None:
    """Jam and tea are 46.00 less 2.00: it is the least that reaches 43.90."""
    shop = till(free_shipping="EUR=7390")
    assert shop.catalog is not None
    saves = {"items": ("bread", "jam"), "discount_minor": {"EUR": 200}}
    shop.catalog.bundles.put("breakfast", BundleTerms.model_validate(saves))

    told = [{i.item_id for i in p.items} for p in offered(shop, "bread")]
    assert told
    assert [{"jam", "tea"}] * len(told) == told


def test_what_is_in_a_whole_bundle_is_nearly_no_other_one() -> None:
    """Bread and tea are one for 45.00: of bread and butter nothing is there: butter lifts it."""
    shop = till()
    assert shop.catalog is not None
    for name, items, less in (
        ("tea-time", ("bread", "tea"), 1_000),
        ("toast", ("bread", "butter"), 500),
    ):
        terms = BundleTerms(items=items, discount_minor={"EUR": less})
        shop.catalog.bundles.put(name, terms)
    told = {tuple(i.item_id for i in p.items) for p in offered(shop, "bread", "tea")}

    assert {("butter",)} == told
