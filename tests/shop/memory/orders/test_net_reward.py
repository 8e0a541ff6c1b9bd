"""Net reward beside a plain reckoning in exact fractions, and the laws that it keeps."""

from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.published.outcomes import Stage
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.earnings import earnings
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.orders.reward.reached import Reached
from tests.stories import NOON_MS

ITEMS = ("butter", "jam")
SHOWN = Reached("shown", "seen", NOON_MS)
PLAIN = NetReward.of(Settings(reward="net", margin_share=0.25))


def receipt(*worths: ItemWorth) -> Receipt:
    """A prompt of butter and jam, with what was known of them."""
    about = "p1", "s1", "popular", "basket/new", 0.5, 0.1
    return Receipt(*about, ITEMS, NOON_MS)._replace(worths=worths)


def fact(stage: Stage, item: str | None = "jam", after_ms: int = 1, **more: Any) -> Reached:
    """A stage that the jam reached, by default."""
    order = "o-1" if stage in ("bought", "returned") else None
    said: dict[str, Any] = {"item_id": item, "order_id": order, "currency": "EUR"} | more
    return Reached(stage, "e", NOON_MS + after_ms, **said)


def bought(quantity: int = 1, price: int | None = 400, **more: Any) -> list[Reached]:
    """So many were added from the prompt and bought."""
    worth = None if price is None else price * quantity
    said: dict[str, Any] = {"quantity": quantity, "after_ms": 2, "value_minor": worth} | more
    return [fact("added", quantity=quantity), fact("bought", **said)]


def minor(told: list[Reached], *worths: ItemWorth, by: NetReward = PLAIN) -> int:
    """What these facts earn."""
    return by.minor(Impression(receipt(*worths), [SHOWN, *told]))


# Where the margin is from


def test_the_margin_is_the_orders_else_the_sealed_one_else_a_share_of_the_price() -> None:
    """Who knows best is asked first; nothing known at all earns nothing."""
    sealed = ItemWorth(), ItemWorth(150, 400, "EUR")

    assert 240 == minor(bought(2, margin_minor=240), *sealed)
    assert 300 == minor(bought(2), *sealed)
    assert 200 == minor(bought(2))
    assert 0 == minor(bought(2, price=None))


def test_a_discount_is_what_is_paid_less_than_the_sealed_price() -> None:
    """An event's own margin is net of it already; what is dearer by now is no discount."""
    sealed = ItemWorth(), ItemWorth(150, 400, "EUR")

    assert 2 * 150 - 2 * 50 == minor(bought(2, price=350), *sealed)
    assert 2 * 150 == minor(bought(2, price=500), *sealed)
    assert 200 == minor(bought(2, price=350, margin_minor=200), *sealed)
    assert 2 * 150 == minor(bought(2, price=None), *sealed)


def test_without_rates_a_margin_in_another_currency_says_nothing_of_this_order() -> None:
    """A hundred yen of margin are no hundred cents; nor where one of both has no rate."""
    in_yen = ItemWorth(), ItemWorth(90_000, 240_000, "JPY")
    rated = PLAIN._replace(rates={"EUR": Fraction(1)})

    assert 100 == minor(bought(1), *in_yen) == minor(bought(1), *in_yen, by=rated)
    assert 0 == minor(bought(1, currency="JPY"), ItemWorth(), ItemWorth(90, 240, "EUR"), by=rated)


def test_a_margin_in_another_currency_is_converted_where_both_have_a_rate() -> None:
    """What loses money loses it wherever it is sold; what is paid less there is a discount."""
    rates = {"EUR": Fraction(1), "JPY": Fraction(31, 50), "KWD": Fraction(3, 10)}
    by = NetReward.of(Settings(reward="net", margin_share=0.3, return_cost_share=0.1))
    by = by._replace(rates=rates)
    dead, case = (
        (ItemWorth(), worth)
        for worth in (ItemWorth(-300, 1_000, "EUR"), ItemWorth(1_000, 3_000, "JPY"))
    )

    assert -800 == pytest.approx(minor(bought(2, 1_613, currency="JPY"), *dead, by=by), abs=2)
    assert 620 - 186 == minor(bought(1, 1_860), *case, by=by)
    assert 620 - 186 == minor(bought(1, None), *case, by=by)
    assert 620 - 100 - 176 == minor(bought(1, 1_760), *case, by=by)
    assert 434 == pytest.approx(minor(bought(1, 6_200, currency="KWD"), *case, by=by), abs=1)


def test_a_line_is_converted_as_a_whole_not_by_the_piece() -> None:
    """Goods by the gram: one of them is less than a cent."""
    by = PLAIN._replace(rates={"EUR": Fraction(1), "JPY": Fraction(31, 50)}, scale_minor=5_000)
    sealed = ItemWorth(), ItemWorth(1, 2, "JPY")

    assert 620 == minor(bought(1_000, None), *sealed, by=by)
    assert 620 - 240 == minor(bought(1_000, 1), *sealed, by=by)
    assert -620 == minor(bought(1_000, None), ItemWorth(), ItemWorth(-1, 2, "JPY"), by=by)


def test_a_promised_discount_is_converted_with_the_price_of_which_it_is() -> None:
    """A hundred yen are taken off, not a hundred cents."""
    by = PLAIN._replace(rates={"EUR": Fraction(1), "JPY": Fraction(31, 50)})
    sealed = ItemWorth(), ItemWorth(1_000, 3_000, "JPY", discount_minor=100)

    assert 620 - 62 == minor(bought(1, 1_798), *sealed, by=by)
    assert 620 - 62 == minor(bought(1, None), *sealed, by=by)


def test_returns_cost_a_share_of_what_is_kept() -> None:
    """Expected when it is sold; what came back has cost its margin, and this no more."""
    by = PLAIN._replace(return_micro=100_000)

    assert 2 * (100 - 40) == minor(bought(2), by=by)
    assert 100 - 40 == minor([*bought(2), fact("returned", quantity=1)], by=by)
    assert 0 == minor([*bought(2), fact("returned", quantity=2)], by=by)


def test_a_prompt_earns_by_the_pieces_that_were_added_from_it() -> None:
    """Two prompts with the same item do not both earn all of it."""
    sold = fact("bought", quantity=3, value_minor=1_200, after_ms=2)
    told = [fact("added", quantity=1), sold]

    assert 100 == minor(told)
    assert 0 == minor([*told, fact("removed", quantity=1, after_ms=1)])


def test_a_sale_of_which_no_item_is_told_is_all_the_prompts_own() -> None:
    """There are no pieces by which it could be shared."""
    sold = fact("bought", None, quantity=4, value_minor=1_600, after_ms=2)

    assert 400 == minor([sold])
    assert 300 == minor([sold, fact("returned", None, quantity=1, after_ms=3)])


def test_a_piece_that_was_sold_is_not_sold_again() -> None:
    """An order that came back whole has sold none; of one moment the smaller number is first."""
    later = fact("bought", order_id="o-2", quantity=5, value_minor=2_000, after_ms=3)
    before = later._replace(order_id="o-0", quantity=1, value_minor=400, at_ms=NOON_MS + 2)

    assert 100 == minor([*bought(1), later])
    assert 100 == minor([later, *bought(1), fact("returned", quantity=1, after_ms=9)])
    assert 100 == minor([*bought(1, margin_minor=999), before])
    assert 200 == minor([*bought(1), later, fact("added", after_ms=3)])
    assert 100 == minor([*bought(1), later, fact("added", after_ms=4)])


def test_currencies_count_by_their_rates_and_without_one_for_nothing() -> None:
    """With rates what has none is nobody's money; without any, all amounts are as they are."""
    rated = NetReward.of(Settings(reward="net", margin_share=0.5, reward_rates="EUR=1,JPY=0.62"))
    in_yen, in_rand = bought(1, currency="JPY"), bought(1, currency="ZAR")

    assert (200, 124, 0) == (
        minor(bought(1), by=rated),
        minor(in_yen, by=rated),
        minor(in_rand, by=rated),
    )
    assert 100 == minor(in_yen)


def test_an_order_without_a_currency_is_in_that_of_the_sealed_worth() -> None:
    """Its yen are no cents; where nobody names a currency, with rates, nothing is earned."""
    rated = NetReward.of(Settings(reward="net", reward_rates="EUR=1,JPY=0.62"))
    nameless = bought(1, price=None, currency=None)
    in_yen, in_rand, in_none = (
        (ItemWorth(), ItemWorth(500, 1_000, currency)) for currency in ("JPY", "ZAR", None)
    )

    assert 310 == minor(nameless, *in_yen, by=rated) == rated.unit_minor(in_yen[1])
    assert 0 == minor(nameless, *in_rand, by=rated)
    assert 0 == minor(nameless, *in_none, by=rated)
    assert 500 == minor(bought(1, currency="EUR", price=1_000), *in_none, by=rated)
    assert 500 == minor(nameless, *in_yen) == minor(nameless, *in_none)


def test_what_a_currency_without_a_rate_earns_is_not_known() -> None:
    """So numbers of items are not decided by it: it is not nothing, as nobody says."""
    worth, terms = ItemWorth(150, 400, "JPY"), NetReward.of(Settings(reward="net"))
    rated = NetReward.of(Settings(reward="net", reward_rates="JPY=0.5"))
    other = NetReward.of(Settings(reward="net", reward_rates="EUR=1"))

    assert [150, 75, None] == [each.unit_minor(worth) for each in (terms, rated, other)]
    assert other.unit_minor(worth._replace(currency=None)) is None


@pytest.mark.parametrize(
    "rates", ["EUR", "EUR=x", "EUR=0", "eur=1", "EUR=1/0", "EUR=-1", "EUR=1e9", "EUR=1,EUR=2"]
)
def test_rates_that_are_none_are_refused(rates: str) -> None:
    """At start, by name."""
    with pytest.raises(ValueError, match="rate"):
        Settings(reward="net", reward_rates=rates)


def test_a_dismissal_that_costs_all_there_is_is_refused() -> None:
    """It would leave nothing to earn."""
    with pytest.raises(ValueError, match="DISMISSAL"):
        Settings(reward="net", dismissal_cost_minor=2_000, reward_scale_minor=2_000)


# As a reward


def test_a_prompt_begins_with_what_a_dismissal_takes() -> None:
    """So that the reward of a dismissed one is 0, and never less."""
    by = PLAIN._replace(scale_minor=1_000, dismissal_minor=50)
    ignored = Impression(receipt(), [SHOWN])
    dismissed = Impression(receipt(), [SHOWN, fact("dismissed", None)])
    both = Impression(receipt(), [SHOWN, fact("dismissed", None, after_ms=3), *bought(1)])

    assert [(NOON_MS, 0.05)] == earnings(ignored, by)
    assert [] == earnings(dismissed, by)
    assert [(NOON_MS, 0.05), (NOON_MS + 2, 0.05)] == earnings(both, by)


def test_what_is_beyond_the_scale_is_clipped_and_says_so() -> None:
    """On both sides."""
    by = PLAIN._replace(scale_minor=90)
    much = Impression(receipt(), [SHOWN, *bought(1)])
    loss = Impression(receipt(), [SHOWN, *bought(1, margin_minor=-5)])

    assert [(NOON_MS + 2, 1.0)] == earnings(much, by)
    assert [] == earnings(loss, by)
    assert ("above", "below", "") == (
        by.clipped(much),
        by.clipped(loss),
        by.clipped(Impression(receipt(), [SHOWN])),
    )


# Laws


@st.composite
def facts(draw: st.DrawFn) -> Reached:
    """Any stage of any item, at any of a few moments."""
    some: tuple[Stage, ...] = ("added", "added", "bought", "bought", "returned", "removed")
    stage = draw(st.sampled_from(some))
    said: dict[str, Any] = {"quantity": draw(st.integers(1, 4))}
    if stage in ("bought", "returned"):
        said["order_id"] = draw(st.sampled_from(("o-1", "o-2")))
    if stage == "bought":
        said["value_minor"] = draw(st.none() | st.integers(0, 5_000))
        said["margin_minor"] = draw(st.none() | st.integers(-500, 2_000))
        said["currency"] = draw(st.sampled_from((None, "EUR", "JPY", "ZAR")))
    return fact(stage, draw(st.sampled_from(ITEMS)), draw(st.integers(0, 5)), **said)


def once(told: list[Reached]) -> list[Reached]:
    """An order has one line of an item, as attribution sees to it."""
    kept: dict[Any, Reached] = {}
    for number, one in enumerate(told):
        kept.setdefault(one.of if one.stage == "bought" else number, one)
    return [*kept.values()]


histories = st.builds(
    lambda told, dismissed: once(told) + [fact("dismissed", None, 4)] * dismissed,
    st.lists(facts(), max_size=10),
    st.booleans(),
)
AMOUNT = st.none() | st.integers(0, 3_000)
CURRENCY = st.sampled_from((None, "EUR", "JPY"))
WORTH = st.tuples(AMOUNT, AMOUNT, CURRENCY, st.integers(0, 15)).map(lambda said: ItemWorth(*said))
worths = st.just(()) | st.tuples(WORTH, WORTH)
terms = st.builds(
    NetReward,
    st.sampled_from((100, 2_000, 50_000)),
    st.sampled_from((0, 50)),
    st.sampled_from((0, 250_000, 333_333)),
    st.sampled_from((0, 20_000)),
    st.sampled_from(({}, {"EUR": Fraction(1), "JPY": Fraction(31, 50)})),
)


def sold_pieces(told: list[Reached]) -> dict[tuple[str | None, str | None], int]:
    """By order and item: each piece is put into a basket, and is taken out of it once."""
    sold: dict[tuple[str | None, str | None], int] = {}
    for item in ITEMS:
        basket: list[str] = []
        for moment in range(NOON_MS, NOON_MS + 10):
            now = [one for one in told if one.item_id == item and one.at_ms == moment]
            for one in now:
                if one.stage == "added":
                    basket += ["a piece"] * one.quantity
            for one in sorted(now, key=lambda line: line.order_id or ""):
                if one.stage == "bought" and came_back(told, one) < one.quantity:
                    for _ in basket[: one.quantity]:
                        basket.pop()
                        sold[one.of] = sold.get(one.of, 0) + 1
            for one in now:
                if one.stage == "removed":
                    del basket[: one.quantity]
    return sold


def came_back(told: list[Reached], line: Reached) -> int:
    """How many of an order's item."""
    return sum(one.quantity for one in told if one.stage == "returned" and one.of == line.of)


def in_currency_of(line: Reached, worth: ItemWorth, by: NetReward) -> ItemWorth:
    """What is sealed, as money of the line's currency, exactly; nothing where a rate is missing."""
    if None in (worth.currency, line.currency) or worth.currency == line.currency:
        return worth
    theirs, ours = (by.rates.get(str(one.currency)) for one in (worth, line))
    if theirs is None or ours is None:
        return ItemWorth()
    margin, price = (
        None if minor is None else minor * theirs / ours
        for minor in (worth.margin_minor, worth.price_minor)
    )
    return ItemWorth(margin, price, line.currency)  # type: ignore[arg-type]  # not rounded


def reckoned(told: list[Reached], known: tuple[ItemWorth, ...], by: NetReward) -> Fraction:
    """The rules, piece by piece, in fractions that are never rounded."""
    total, sold = Fraction(0), sold_pieces(told)
    for line in (one for one in told if one.stage == "bought"):
        worth = known[ITEMS.index(line.item_id or "")] if known else ItemWorth()
        worth = in_currency_of(line, worth, by)
        kept = max(0, line.quantity - came_back(told, line))
        pieces = Fraction(sold.get(line.of, 0) * kept, line.quantity)
        listed = Fraction(worth.price_minor or 0)  # exactly, where it was converted
        price = listed if line.value_minor is None else Fraction(line.value_minor, line.quantity)
        if line.margin_minor is not None:
            margin = Fraction(line.margin_minor, line.quantity)
        elif worth.margin_minor is not None:
            margin = Fraction(worth.margin_minor)
            if worth.price_minor is not None:
                margin -= max(Fraction(0), listed - price)
        else:
            margin = price * by.margin_micro / 1_000_000
        rate, currency = Fraction(1), line.currency or worth.currency
        if by.rates:
            rate = Fraction(0) if currency is None else by.rates.get(currency, Fraction(0))
        total += pieces * (margin - price * by.return_micro / 1_000_000) * rate
    return total - by.dismissal_minor * sum(one.stage == "dismissed" for one in told)


@settings(max_examples=300)
@given(histories, worths, terms)
def test_what_is_earned_is_what_a_plain_reckoning_says(
    told: list[Reached], known: tuple[ItemWorth, ...], by: NetReward
) -> None:
    """But for whole minor units: three roundings a line, each by less than one, of each piece."""
    lines = sum(one.stage == "bought" for one in told)

    assert abs(minor(told, *known, by=by) - reckoned(told, known, by)) <= 4 * lines


@settings(max_examples=200)
@given(histories, worths, terms)
def test_steps_are_gains_in_order_and_add_up_to_the_clipped_sum(
    told: list[Reached], known: tuple[ItemWorth, ...], by: NetReward
) -> None:
    """A reward is in [0, 1], whatever is told."""
    impression = Impression(receipt(*known), [SHOWN, *told])
    steps = earnings(impression, by)
    whole = min(max(by.minor(impression) + by.dismissal_minor, 0), by.scale_minor)

    assert sorted(steps) == steps
    assert all(gain > 0 for _, gain in steps)
    assert pytest.approx(whole / by.scale_minor) == sum(gain for _, gain in steps)


@given(st.lists(facts(), max_size=4).map(once), worths, terms)
def test_the_order_in_which_facts_are_told_does_not_matter(
    told: list[Reached], known: tuple[ItemWorth, ...], by: NetReward
) -> None:
    """Not by a bit."""
    found = {
        tuple(earnings(Impression(receipt(*known), [SHOWN, *way]), by))
        for way in permutations(told)
    }

    assert 1 == len(found)


@given(st.lists(facts(), max_size=6).map(once), worths, terms)
def test_an_order_that_all_came_back_has_never_been(
    told: list[Reached], known: tuple[ItemWorth, ...], by: NetReward
) -> None:
    """As if nothing had been bought, and no more than once."""
    back = [one._replace(stage="returned") for one in told if one.stage == "bought"]
    without = [one for one in told if one.stage != "bought"]

    for times in (1, 2):
        whole = Impression(receipt(*known), [SHOWN, *told, *back * times])
        assert earnings(Impression(receipt(*known), [SHOWN, *without]), by) == earnings(whole, by)


@given(histories, worths)
def test_what_is_kept_of_an_impression_is_all_that_it_earns_by(
    told: list[Reached], known: tuple[ItemWorth, ...]
) -> None:
    """Margins and worths survive a checkpoint."""
    impression = Impression(receipt(*known), [SHOWN, *told])

    assert impression == Impression.from_state(impression.state())
