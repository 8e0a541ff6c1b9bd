"""The top-up to free shipping: what is missing, the least beyond it, silence where it is met."""

from collections.abc import Collection, Sequence
from itertools import combinations
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Candidate
from streams.contract.events.reference.bundles import BundleTerms
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.contract.wire.shop.offers import FreeShippingOffer
from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.slots.overshoot import CLOSE, Reach, least_overshoot
from streams.shop.decision.slots.top_up import (
    POOL_MAX,
    Gap,
    Prices,
    PriceTag,
    TopUpArm,
    gap,
)
from streams.shop.memory.learned import Learned
from streams.shop.memory.session import Session
from tests.stories import Story, Till

PAID = {"bread": 3000, "butter": 900, "jam": 2100, "tea": 2500}
"""What is sold, and for how much, in minor units."""
UNITS = {"JPY": 1, "EUR": 100, "KWD": 1000}
"""Currencies of no, two and three decimals: minor units of one."""


def priced(item_id: str, minor: int, **fields: Any) -> CatalogItem:
    """An item of the catalogue that earns a third of what it costs."""
    said = {"currency": "EUR", "margin_minor": minor // 3, **fields}
    return CatalogItem(item_id=item_id, price_minor=minor, **said)


def till(**settings: Any) -> Till:
    """A shop that ships for free from 50.00 EUR on, where bread costs 30.00 EUR."""
    most = settings.pop("catalog_prices_max", 1000)
    shop = Till(**{"free_shipping": "EUR=5000", "arm_floor": 0.2, **settings})
    shop.teach(*PAID)
    shop.catalog = Catalog(prices_max=most)
    for item_id, minor in PAID.items():
        shop.catalog.put(priced(item_id, minor))
    return shop


def offered(shop: Till, *items: str, times: int = 40) -> list[Prompt]:
    """The top-ups that visits get whose basket has these items: the policy draws among arms."""
    found = []
    for number in range(times):
        story = Story(f"visit-{number}")
        for item in items[:-1]:
            shop.serve(story.add(item, slots=()))
        prompt = shop.serve(story.add(items[-1])).prompt
        if prompt is not None and prompt.arm == "top_up":
            found.append(prompt)
    return found


def test_what_is_missing_is_named_and_reached_with_the_least_beyond_it() -> None:
    """20.00 EUR are missing: the jam for 21.00 does it, the tea would be 5.00 too dear."""
    prompts = offered(till(), "bread")

    assert prompts
    for prompt in prompts:
        assert isinstance(prompt.offer, FreeShippingOffer)
        assert ["jam"] == [item.item_id for item in prompt.items]
        assert ("free_shipping", 2000, 5000, "EUR") == (
            *(prompt.offer.type, prompt.offer.missing_minor),
            *(prompt.offer.threshold_minor, prompt.offer.currency),
        )
        assert prompt.propensities["top_up"] == prompt.propensity < 1
        assert "With this the shipping is free" == prompt.reason.text


@pytest.mark.parametrize(
    ("items", "changed", "settings"),
    [
        (("bread", "tea"), None, {}),
        (("bread",), priced("bread", 3000, currency="USD"), {}),
        (("bread", "butter"), priced("butter", 900, currency="USD"), {}),
        (("bread", "cake"), None, {}),
        (("butter",), CatalogItem(item_id="butter"), {}),
        (("bread",), None, {"free_shipping": ""}),
        (("bread",), None, {"free_shipping": "EUR=500000"}),
        (("bread",), None, {"catalog_prices_max": 0}),
    ],
    ids=[
        *("met", "no-threshold-in-it", "mixed", "not-known", "price-taken-back"),
        *("not-set", "out-of-reach", "no-prices"),
    ],
)
def test_where_it_is_met_or_nobody_can_tell_nothing_is_said_of_shipping(
    items: tuple[str, ...], changed: CatalogItem | None, settings: dict[str, Any]
) -> None:
    """What goes with the basket is offered as ever."""
    shop = till(**settings)
    if changed is not None and shop.catalog is not None:
        shop.catalog.put(changed)

    assert [] == offered(shop, *items, times=15)


def test_what_a_bundle_of_the_basket_saves_is_not_paid_and_does_not_count() -> None:
    """Bread and tea are 55.00 less 10.00: at 45.00 the shipping is not free yet."""
    shop = till()
    assert shop.catalog is not None
    saves = {"items": ("bread", "tea"), "discount_minor": {"EUR": 1_000}}
    shop.catalog.bundles.put("tea-time", BundleTerms.model_validate(saves))
    prompts = offered(shop, "bread", "tea")

    assert prompts
    assert {FreeShippingOffer(missing_minor=500, threshold_minor=5000, currency="EUR")} == {
        prompt.offer for prompt in prompts
    }


def test_what_would_complete_a_bundle_lifts_nothing_to_free_shipping() -> None:
    """The jam for 21.00 would take 5.00 off: with it 46.00 were paid, and the shipping."""
    shop = till()
    assert shop.catalog is not None
    saves = {"items": ("bread", "jam"), "discount_minor": {"EUR": 500}}
    shop.catalog.bundles.put("breakfast", BundleTerms.model_validate(saves))

    assert {("tea",)} == {tuple(i.item_id for i in p.items) for p in offered(shop, "bread")}


def test_whoever_sees_prices_in_another_currency_is_told_nothing_of_shipping() -> None:
    """What is missing is in euros, which this shopper does not pay."""
    shop = till()
    asked = [Story(f"s-{number}") for number in range(20)]
    told = [shop.prompt(one.add("bread", price_minor=9, currency="USD")) for one in asked]
    assert all("top_up" not in prompt.propensities for prompt in told)

    assert "top_up" in shop.prompt(Story("e").add("bread", currency="EUR")).propensities


@pytest.mark.parametrize("margin", [None, 0, -5])
def test_what_earns_nothing_tops_nothing_up(margin: int | None) -> None:
    """Nor what nobody knows to earn: the next dearer item does it."""
    shop = till()
    assert shop.catalog is not None
    shop.catalog.put(priced("jam", 2100, margin_minor=margin))

    assert {("tea",)} == {tuple(i.item_id for i in p.items) for p in offered(shop, "bread")}


@pytest.mark.parametrize(("minor", "reaches"), [(2000, True), (1999, False), (1100, False)])
def test_an_item_that_two_arms_propose_tops_up_once(minor: int, *, reaches: bool) -> None:
    """Two of the jam would do it, but it is offered once: it reaches by itself, or not at all."""
    shop = Till(free_shipping="EUR=5000", arm_floor=0.2)
    shop.teach("bread", "jam")
    shop.catalog = Catalog(prices_max=9)
    shop.catalog.put(priced("bread", 3000))
    shop.catalog.put(priced("jam", minor))
    found = {tuple(item.item_id for item in one.items) for one in offered(shop, "bread")}

    assert ({("jam",)} if reaches else set()) == found


def test_on_a_product_page_nothing_is_said_of_shipping() -> None:
    """Who looks at an item is asked nothing about the basket that lacks something."""
    shop = till()
    arms = set()
    for number in range(40):
        story = Story(f"looks-{number}")
        shop.serve(story.add("bread", slots=()))
        arms |= {*shop.prompt(story.view("tea")).propensities}

    assert "top_up" not in arms


@pytest.mark.parametrize("currency", UNITS)
def test_in_each_currency_it_is_close_where_the_catalogue_allows(currency: str) -> None:
    """Catalogue of 40 items (log-normal prices, seed 17), 200 baskets: <= 10 % of the gap, mean."""
    random, unit = Random(17), UNITS[currency]
    prices = [max(1, round(unit * random.lognormvariate(2.2, 0.8))) for _ in range(40)]
    overshoots = []
    for _ in range(200):
        missing = round(unit * random.uniform(5, 40))
        chosen = least_overshoot(missing, prices, most=3)
        total = sum(prices[index] for index in chosen)
        assert total >= missing
        overshoots.append((total - missing) / missing)

    assert sum(overshoots) / len(overshoots) <= 0.1


@given(st.integers(1, 60), st.lists(st.integers(1, 40), max_size=7), st.integers(1, 3))
def test_it_is_the_least_or_close_with_fewer_items(
    missing: int, prices: list[int], most: int
) -> None:
    """Beside all combinations, one after the other."""
    chosen = least_overshoot(missing, prices, most)
    sets = [c for n in range(1, most + 1) for c in combinations(range(len(prices)), n)]
    reaching = [each for each in sets if sum(prices[i] for i in each) >= missing]
    if not reaching:
        assert () == chosen
        return
    total, least = (
        sum(prices[i] for i in each)
        for each in (chosen, min(reaching, key=lambda each: sum(prices[i] for i in each)))
    )
    assert total >= missing
    assert total == least or total - missing <= CLOSE * missing
    fewer = [each for each in reaching if len(each) < len(chosen)]
    assert all(sum(prices[i] for i in each) - missing > CLOSE * missing for each in fewer)


@given(
    prices=st.lists(st.integers(1, 60), max_size=8),
    missing=st.integers(1, 150),
    beyond=st.integers(0, 30),
    most=st.integers(0, 3),
    apart=st.none() | st.sets(st.frozensets(st.integers(0, 7), min_size=2, max_size=2)),
)
def test_whether_any_reach_is_known_without_what_is_best(
    prices: list[int], missing: int, beyond: int, most: int, apart: set[frozenset[int]] | None
) -> None:
    """Beside the search for the best: with the same prices, and the same that do not fit."""

    def fit(a: int, b: int) -> bool:
        return frozenset((a, b)) not in (apart or ())

    fits = None if apart is None else fit
    reach = Reach(missing, beyond, most, fits)
    reaches = any(reach.by(price) for price in prices)

    assert reaches == bool(least_overshoot(missing, prices, most, fits, None, beyond))


def test_of_what_came_before_any_two_count() -> None:
    """17.00 of 10.00, 5.00 and 7.00 beside the fourth, whichever came first; of two it is none."""
    reach, two = Reach(23, 0, most=3), Reach(23, 0, most=2)

    assert [False, False, False, True] == [reach.by(price) for price in (10, 5, 7, 6)]
    assert [False] * 4 == [two.by(price) for price in (10, 5, 7, 6)]


@pytest.mark.parametrize(
    ("apart", "reached"), [((), True), ({0, 1}, False), ({1, 2}, False)], ids=["all", "01", "12"]
)
def test_three_that_are_all_needed_reach_if_all_of_them_fit(
    apart: Collection[int], reached: bool
) -> None:
    """Each of them beside both others."""
    names = ["a", "b", "c"]
    unfit = {names[at] for at in apart}
    tags = dict.fromkeys(names, PriceTag(10, 1, "EUR"))
    arms = {"popular": FixedArm(names)}
    arm = TopUpArm(Gap(30, 50, "EUR"), tags, arms, lambda a, b: {a, b} != unfit)
    learned, query = Till().shop.learned, CandidateQuery(Session("s", 0, 0), "x", 0.0, (), 3)

    assert reached == arm.proposes(learned, query)
    assert reached == bool(arm.candidates(learned, query))


@pytest.mark.parametrize(
    ("missing", "threshold", "price", "taken"),
    [
        (4_751, 5_000, 50_000, False),
        (7_500, 20_000, 750_000, False),
        (50, 5_000, 200, True),
        (50, 5_000, 550, True),
        (50, 5_000, 551, False),
        (4_751, 5_000, 5_251, True),
        (4_751, 5_000, 5_252, False),
    ],
)
def test_what_goes_beyond_the_threshold_is_a_tenth_of_it_at_most(
    missing: int, threshold: int, price: int, *, taken: bool
) -> None:
    """No camera for 500.00 where 47.51 are missing; 2.00 for .50 are well."""
    tags = {"item": PriceTag(price, 1, "EUR")}
    arm = TopUpArm(Gap(missing, threshold, "EUR"), tags, {"popular": FixedArm(["item"])})
    learned, query = Till().shop.learned, CandidateQuery(Session("s", 0, 0), "x", 0.0, (), 3)

    assert taken == arm.proposes(learned, query)
    assert (["item"] if taken else []) == [one.item for one in arm.candidates(learned, query)]


def test_what_is_too_dear_takes_no_place_of_what_is_looked_at() -> None:
    """Forty cameras are proposed first: the one loaf behind them lifts the basket."""
    dear = [f"camera-{number}" for number in range(POOL_MAX)]
    tags = dict.fromkeys(dear, PriceTag(50_000, 1, "EUR")) | {"loaf": PriceTag(300, 1, "EUR")}
    arms = {"bought_together": FixedArm(dear), "popular": FixedArm(["loaf"])}
    arm = TopUpArm(Gap(100, 5_000, "EUR"), tags, arms)
    learned, query = Till().shop.learned, CandidateQuery(Session("s", 0, 0), "x", 0.0, (), 3)

    assert arm.proposes(learned, query)
    assert ["loaf"] == [one.item for one in arm.candidates(learned, query)]


def test_amounts_are_whole_minor_units_of_any_currency() -> None:
    """A thousand yen, 9.99 euros and 1.250 dinars are what they are."""
    for currency, minor, threshold in (
        ("JPY", 1000, 3980),
        ("EUR", 999, 4900),
        ("KWD", 1250, 9500),
    ):
        worth = {"tea": PriceTag(minor, 1, currency)}
        found = gap({"tea": 2}, worth, {currency: threshold})

        assert found is not None
        assert (threshold - 2 * minor, currency) == (found.missing_minor, found.currency)
        assert gap({"tea": 2}, worth, {currency: 2 * minor}) is None


def test_one_minor_unit_is_missing_or_nothing_is() -> None:
    """At the threshold the shipping is free; a currency without one has nothing to reach."""
    worth = {"tea": PriceTag(999, 1, "EUR"), "sample": PriceTag(0, 0, "USD")}

    assert Gap(1, 1_000, "EUR") == gap({"tea": 1}, worth, {"EUR": 1_000})
    assert gap({"tea": 1}, worth, {"EUR": 999}) is None
    assert gap({"sample": 1}, worth, {"EUR": 999}) is None


def test_a_tenth_of_the_gap_too_much_is_close_enough_for_fewer_items() -> None:
    """Just a tenth; beyond it two items do it better."""
    assert (0,) == least_overshoot(1_000, [1_100, 400, 600], most=2)
    assert (1, 2) == least_overshoot(1_000, [1_101, 400, 600], most=2)


def test_no_item_is_taken_twice_to_reach_it() -> None:
    """One and twice five would be eleven, but there is one of each."""
    assert () == least_overshoot(11, [1, 5], most=3)
    assert (0, 1, 2) == least_overshoot(11, [1, 5, 5], most=3)


class FixedArm(NamedTuple):
    """It always has the same to offer."""

    items: Sequence[str]

    def proposes(self, _learned: Learned, _question: CandidateQuery) -> bool:
        """Always."""
        return True

    def candidates(self, _learned: Learned, question: CandidateQuery) -> list[Candidate]:
        """The same, as far as is asked for."""
        return [Candidate(item, 1.0, 0, 0) for item in self.items[: question.items_max]]


@pytest.mark.parametrize(("others", "reached"), [(POOL_MAX - 1, True), (POOL_MAX, False)])
def test_so_many_items_are_looked_at_and_no_more(others: int, *, reached: bool) -> None:
    """The one that would reach is the last of them, or one too many."""
    small = [f"small-{number}" for number in range(others)]
    prices = dict.fromkeys(small, PriceTag(1, 1, "EUR")) | {"large": PriceTag(100, 1, "EUR")}
    arms = {"bought_together": FixedArm(small), "popular": FixedArm(["large"])}
    learned = Till().shop.learned
    query = CandidateQuery(Session("s", 0, 0), "bread", 0.0, (), 1)

    arm = TopUpArm(Gap(100, 5_000, "EUR"), prices, arms)
    found = arm.candidates(learned, query)

    assert reached == arm.proposes(learned, query)
    assert (["large"] if reached else []) == [one.item for one in found]


def test_an_arm_that_is_known_to_have_nothing_is_not_ranked_for_it() -> None:
    """Whoever asked it before tells; of whom nothing is known it is asked."""
    arms = {"bought_together": FixedArm(["tea"]), "popular": FixedArm(["jam"])}
    query = CandidateQuery(Session("s", 0, 0), "bread", 0.0, (), 1)
    of = Gap(100, 5_000, "EUR"), dict.fromkeys(("tea", "jam"), PriceTag(100, 1, "EUR")), arms
    learned, known = Till().shop.learned, {"bought_together": None, "popular": "jam"}

    assert ["tea"] == [one.item for one in TopUpArm(*of).candidates(learned, query)]
    found = TopUpArm(*of, proposed=known).candidates(learned, query)
    assert ["jam"] == [one.item for one in found]


class LookedAt(list[str]):
    """What is excluded, which is nothing; with what was asked for."""

    def __contains__(self, item: object) -> bool:
        """No; it is noted."""
        self.append(str(item))
        return False


def test_what_it_chooses_among_is_looked_at_once() -> None:
    """As far as it takes to know that it has something, then the rest: of each question anew."""
    till, items = Till(), [f"item-{number}" for number in range(6)]
    for item in items:
        till.serve(Story(f"of {item}").add(item))
    tags = {item: PriceTag(60, 1, "EUR") for item in items}
    arm, seen = TopUpArm(Gap(100, 5_000, "EUR"), tags, {"popular": ARMS["popular"]}), LookedAt()
    query = CandidateQuery(Session("s", 0, 0), "bread", 0.0, seen, 3)

    assert arm.proposes(till.shop.learned, query)
    assert items[:2] == seen
    assert items[:2] == [one.item for one in arm.candidates(till.shop.learned, query)]
    assert items == seen
    arm.candidates(till.shop.learned, query._replace(items_max=2))
    assert 2 * items == seen


def test_of_the_catalogue_only_so_many_prices_are_kept() -> None:
    """Those of items that are kept may change; what has no room is counted."""
    prices = Prices(1)
    for item in (priced("tea", 100), priced("jam", 200), priced("tea", 300)):
        prices.put(item)

    assert ({"tea": PriceTag(300, 100, "EUR")}, 1) == (prices.of, prices.left_out)


@pytest.mark.parametrize("fields", [{}, {"currency": "EUR"}], ids=str)
def test_an_item_that_has_no_price_any_more_takes_no_room(fields: dict[str, Any]) -> None:
    """Nor does it keep the one that it had; without any room nothing is kept or missed."""
    prices, none = Prices(1), Prices(0)
    prices.put(priced("tea", 100))
    prices.put(CatalogItem(item_id="tea", **fields))
    assert ({}, 0) == (prices.of, prices.left_out)

    prices.put(priced("jam", 200))
    none.put(priced("jam", 200))
    assert (["jam"], 0) == ([*prices.of], prices.left_out)
    assert ({}, 0) == (none.of, none.left_out)


def test_of_a_basket_in_two_currencies_and_of_none_nobody_can_tell_what_is_missing() -> None:
    """Whichever of them is looked at last."""
    worth = {"tea": PriceTag(100, 1, "EUR"), "jam": PriceTag(100, 1, "USD")}
    thresholds = {"EUR": 5_000, "USD": 5_000}

    assert gap({"tea": 1, "jam": 1}, worth, thresholds) is None
    assert gap({"jam": 1, "tea": 1}, worth, thresholds) is None
    assert gap({}, worth, thresholds) is None
    assert gap({"tea": 1}, worth, {"USD": 5_000}) is None


@pytest.mark.parametrize(
    ("changed", "chosen"),
    [
        ({"margin_minor": 1}, "jam"),
        ({"currency": "USD"}, "tea"),
        ({"price_minor": None}, "tea"),
    ],
    ids=["earns-one", "another-currency", "no-price"],
)
def test_what_tops_up_earns_something_in_the_currency_of_the_basket(
    changed: dict[str, Any], chosen: str
) -> None:
    """One minor unit is something; else the next dearer item does it."""
    shop = till()
    assert shop.catalog is not None
    said = {"price_minor": 2100, "currency": "EUR", "margin_minor": 700, **changed}
    shop.catalog.put(CatalogItem(item_id="jam", **said))

    assert {(chosen,)} == {tuple(i.item_id for i in p.items) for p in offered(shop, "bread")}


@pytest.mark.parametrize("said", ["EUR", "EUR=", "EUR=1.5", "eur=5", "EUR=0", "EURO=5"])
def test_a_threshold_that_is_none_is_refused(said: str) -> None:
    """When the worker starts, not when somebody's basket is looked at."""
    with pytest.raises(ValueError, match=r"EUR=5000|whole minor units"):
        Till(free_shipping=said)


@pytest.mark.parametrize("said", ["excludes", "upgrade_of", "variant_of"])
def test_a_bundle_never_has_two_items_that_do_not_fit_each_other(said: str) -> None:
    """Coat and swimsuit would do it best, but exclude each other: the hat costs a little more."""
    shop = Till(free_shipping="EUR=5000", arm_floor=0.2, together_min=1)
    shop.teach("bread", "coat", "swim", "hat")
    shop.catalog = Catalog(prices_max=10, relations_use="guards")
    for item, minor in {"bread": 3000, "coat": 1000, "swim": 1000, "hat": 1150}.items():
        shop.catalog.put(priced(item, minor))
    fields: dict[str, Any] = {"variant_of": "coat"}
    if said != "variant_of":
        fields = {"relations": ({"kind": said, "item_id": "coat"},)}
    shop.catalog.put(priced("swim", 1000, **fields))
    bundles = [{item.item_id for item in one.items} for one in offered(shop, "bread")]

    assert bundles
    for bundle in bundles:
        assert "hat" in bundle
        assert not {"coat", "swim"} <= bundle


@given(
    prices=st.lists(st.integers(1, 60), max_size=9),
    missing=st.integers(1, 150),
    apart=st.sets(st.frozensets(st.integers(0, 8), min_size=2, max_size=2)),
)
def test_the_best_bundle_of_items_that_fit_is_found(
    prices: list[int], missing: int, apart: set[frozenset[int]]
) -> None:
    """Against all of them, tried one by one: as dear as the cheapest, or close enough and fewer."""
    chosen = least_overshoot(missing, prices, 3, lambda a, b: frozenset((a, b)) not in apart)
    totals = {
        size: sorted(
            total
            for found in combinations(range(len(prices)), size)
            if (total := sum(prices[place] for place in found)) >= missing
            and not any(frozenset(pair) in apart for pair in combinations(found, 2))
        )
        for size in (1, 2, 3)
    }

    assert not any(frozenset(pair) in apart for pair in combinations(chosen, 2))
    within = [some[0] for size, some in totals.items() if some and size <= max(1, len(chosen))]
    assert bool(chosen) == any(totals.values())
    if chosen:
        assert min(within) == sum(prices[place] for place in chosen)
