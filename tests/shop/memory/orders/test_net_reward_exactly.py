"""Net reward to the unit, beside rules that are written down one by one, over random facts."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import NamedTuple

import pytest

from streams.contract.published.outcomes import Stage
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.allotment import allotted
from streams.shop.memory.orders.reward.earnings import earnings
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.memory.orders.reward.reached import Reached
from tests.stories import NOON_MS

ITEMS = ("butter", "jam")
ORDERS = (None, "o-1", "o-2")
STAGES: tuple[Stage, ...] = (
    *("added", "added", "added", "bought", "bought", "bought"),
    *("returned", "removed", "dismissed"),
)
CURRENCIES = (None, "EUR", "JPY", "ZAR")
SHARES = (0, 20_000, 250_000, 333_333, 1_000_000)
RATES: tuple[dict[str, Fraction], ...] = ({}, {"EUR": Fraction(1), "JPY": Fraction(31, 50)})
SHOWN = Reached("shown", "seen", NOON_MS)
PLAIN = NetReward.of(Settings(reward="net", margin_share=0.25))
Line = tuple[str | None, str | None]
"""An order, and the item of it."""


def random_terms(random: Random) -> NetReward:
    """Any shares, any rates; a scale that some exceed."""
    scale, dismissal = random.choice((100, 1_000, 50_000)), random.choice((0, 50))
    return NetReward(
        scale, dismissal, random.choice(SHARES), random.choice(SHARES), random.choice(RATES)
    )


def random_worth(random: Random) -> ItemWorth:
    """What a receipt may say of an item, discounts above the price included."""
    return ItemWorth(
        random.choice((None, -3, 0, 150, 301)),
        random.choice((None, 0, 1, 399, 400)),
        random.choice(CURRENCIES),
        discount_minor=random.choice((0, 0, 1, 50, 500, 2_000)),
    )


def random_facts(random: Random) -> Iterator[Reached]:
    """Facts in any order; an order has one line of an item."""
    lines = set[Line]()
    for _ in range(random.randrange(1, 12)):
        stage, after_ms = random.choice(STAGES), random.randrange(5)
        of = random.choice(ORDERS), random.choice((*ITEMS, *ITEMS, None))
        order_id, item_id = of if stage in ("bought", "returned") else (None, of[1])
        if stage == "bought" and of in lines:
            continue
        fact = Reached(stage, "e", NOON_MS + after_ms, 0.0, item_id, random.randrange(1, 5))
        if stage == "bought":
            lines.add(of)
            fact = fact._replace(
                value_minor=random.choice((None, 0, 1, 350, 1_197, 1_600)),
                margin_minor=random.choice((None, None, None, -7, 0, 611)),
                currency=random.choice(CURRENCIES),
                claim=random.choice((None, None, 0, 1, 9)),
            )
        yield fact._replace(order_id=order_id)


def sold_pieces(told: list[Reached], item_id: str) -> dict[str | None, int]:
    """By order: each piece lies in the basket, and leaves it once."""
    mine = [one for one in told if one.item_id == item_id]
    basket, sold = list[str](), dict[str | None, int]()
    for at_ms in sorted({one.at_ms for one in mine}):
        now = [one for one in mine if one.at_ms == at_ms]
        basket += ["a piece"] * sum(one.quantity for one in now if one.stage == "added")
        for line in sorted(now, key=lambda one: "" if one.order_id is None else one.order_id):
            if line.stage == "bought" and came_back(told, line) < line.quantity:
                sold[line.order_id] = 0
                for _ in range(line.quantity):
                    claimed = line.claim is None or sold[line.order_id] < line.claim
                    if basket and claimed:
                        basket.pop()
                        sold[line.order_id] += 1
        for _ in range(sum(one.quantity for one in now if one.stage == "removed")):
            del basket[:1]
    return sold


def came_back(told: list[Reached], line: Reached) -> int:
    """How many of a line."""
    return sum(
        one.quantity
        for one in told
        if one.stage == "returned"
        and one.order_id == line.order_id
        # Of a line without an item all that came back of its order counts.
        and (line.item_id is None or one.item_id == line.item_id)
    )


class Known(NamedTuple):
    """What the receipt says of all pieces of a line, as money of the line's currency."""

    margin: int | None
    price: int | None
    promised: int
    currency: str | None


def known_of(line: Reached, worths: tuple[ItemWorth, ...], by: NetReward) -> Known:
    """What it says of a line's item, where both currencies have a rate or are one."""
    if not worths or line.item_id is None:
        return Known(None, None, 0, None)
    worth = worths[ITEMS.index(line.item_id)]
    rate, currency = Fraction(1), worth.currency
    if worth.currency is not None and line.currency not in (None, worth.currency):
        if worth.currency not in by.rates or line.currency not in by.rates:
            return Known(None, None, 0, None)
        rate = by.rates[str(worth.currency)] / by.rates[str(line.currency)]
        currency = line.currency

    def there(minor: int | None, pieces: int = line.quantity) -> int | None:
        return None if minor is None else (minor * pieces * rate).__floor__()

    promised = there(worth.discount_minor, 1) or 0
    return Known(there(worth.margin_minor), there(worth.price_minor), promised, currency)


def rounded_down(share: int, of: int) -> int:
    """So many millionths of an amount, in whole units."""
    return (Fraction(share, 1_000_000) * of).__floor__()


def of_line(line: Reached, worth: Known, by: NetReward) -> int:
    """What a whole line earns in its own currency."""
    promised, listed = worth.promised, worth.price
    paid, off = line.value_minor, 0
    if paid is None:  # nobody tells: the price that was sealed, less what was promised
        paid = 0 if listed is None or listed < promised else listed - promised
    if listed is not None:
        off = max(promised, listed - paid)
    if line.margin_minor is not None:
        margin = line.margin_minor
    elif worth.margin is not None:
        margin = worth.margin - off
    elif listed is not None and promised > 0:
        margin = rounded_down(by.margin_micro, listed) - off
    else:
        margin = rounded_down(by.margin_micro, paid)
    return margin - rounded_down(by.return_micro, paid)


def rate_of(currency: str | None, by: NetReward) -> Fraction:
    """What one unit is worth in ours; nothing where there are rates, and none for it."""
    if not by.rates:
        return Fraction(1)
    return Fraction(0) if currency is None else by.rates.get(currency, Fraction(0))


def change(told: list[Reached], fact: Reached, worths: tuple[ItemWorth, ...], by: NetReward) -> int:
    """What one fact brings, or takes."""
    if fact.stage == "dismissed":
        return -by.dismissal_minor
    if fact.stage != "bought":
        return 0
    mine = fact.quantity
    if fact.item_id is not None:
        mine = sold_pieces(told, fact.item_id).get(fact.order_id, 0)
    kept = max(fact.quantity - came_back(told, fact), 0)
    worth = known_of(fact, worths, by)
    share = Fraction(mine, fact.quantity) * Fraction(kept, fact.quantity)
    rate = rate_of(fact.currency or worth.currency, by)
    return (of_line(fact, worth, by) * share * rate).__floor__()


def random_prompt(
    seed: int,
) -> tuple[NetReward, tuple[ItemWorth, ...], list[Reached], Impression]:
    """A prompt of butter and jam: how money counts, what was sealed, and what became of it."""
    random = Random(seed)
    by, told = random_terms(random), [*random_facts(random)]
    worths = random.choice(((), tuple(random_worth(random) for _ in ITEMS)))
    receipt = Receipt("p1", "s1", "popular", "basket/new", 0.5, 0.1, ITEMS, NOON_MS)
    return by, worths, told, Impression(receipt._replace(worths=worths), [SHOWN, *told])


def test_what_a_prompt_earns_is_what_the_rules_say_to_the_unit() -> None:
    """Discounts that are promised, prices that nobody tells, and more returned than was bought."""
    for seed in range(1_500):
        by, worths, told, impression = random_prompt(seed)
        earned = sum(change(told, fact, worths, by) for fact in told)

        assert by.minor(impression) == earned, seed
        whole = earned + by.dismissal_minor
        said = "above" if whole > by.scale_minor else "below" if whole < 0 else ""
        assert by.clipped(impression) == said, seed


def test_what_was_earned_when_is_what_was_never_lost_again() -> None:
    """At each moment the least that there was from then on, within the scale."""
    for seed in range(600):
        by, worths, told, impression = random_prompt(seed)
        moments = sorted({NOON_MS, *(fact.at_ms for fact in told)})
        levels = [
            by.dismissal_minor
            + sum(change(told, one, worths, by) for one in told if one.at_ms <= at_ms)
            for at_ms in moments
        ]
        lasting = [max(0, min(by.scale_minor, *levels[at:])) for at in range(len(levels))]
        steps, had = [], 0
        for at_ms, level in zip(moments, lasting, strict=True):
            if level > had:
                steps.append((at_ms, (level - had) / by.scale_minor))
            had = max(had, level)

        assert earnings(impression, by) == steps, seed


def test_of_each_item_those_pieces_are_sold_that_lay_in_the_basket() -> None:
    """Whatever orders claim; and of a line the share is kept that did not come back."""
    for seed in range(1_500):
        by, _, told, impression = random_prompt(seed)
        for item in ITEMS:
            sold = sold_pieces(told, item)
            lines = [one for one in told if one.stage == "bought" and one.item_id == item]
            kept = [
                1 - Fraction(came_back(told, line), line.quantity)
                for line in lines
                if sold.get(line.order_id, 0) > 0
            ]

            assert allotted(told, item) == sold, seed
            assert by.kept_share(impression, item) == pytest.approx(float(max(kept, default=0)))


def test_a_sale_has_no_rate_where_there_are_rates_and_none_for_its_currency() -> None:
    """That of the order, else that of what was sealed; only sales are asked for one."""
    found = set[bool]()
    for seed in range(400):
        by, worths, told, impression = random_prompt(seed)
        for fact in told:
            currency = fact.currency or known_of(fact, worths, by).currency
            lost = fact.stage == "bought" and by.rates != {} and currency not in ("EUR", "JPY")

            assert by.unrated(impression, fact) == lost, seed
            found.add(lost)

    assert {True, False} == found


def test_one_of_an_item_is_expected_to_earn_its_margin_less_its_discount_and_returns() -> None:
    """A share of its price where nobody says its margin; not known without either, or a rate."""
    for seed in range(600):
        random = Random(seed)
        by, worth = random_terms(random), random_worth(random)
        price, margin = worth.price_minor, worth.margin_minor
        expected = None
        if margin is None and price is not None:
            margin = rounded_down(by.margin_micro, price)
        if margin is not None and (not by.rates or worth.currency in by.rates):
            paid = 0 if price is None else max(0, price - worth.discount_minor)
            net = margin - worth.discount_minor - rounded_down(by.return_micro, paid)
            expected = (net * rate_of(worth.currency, by)).__floor__()

        assert by.unit_minor(worth) == expected, seed


def test_a_line_of_no_pieces_earns_nothing() -> None:
    """No event has one; a checkpoint may."""
    receipt = Receipt("p1", "s1", "popular", "basket/new", 0.5, 0.1, ITEMS, NOON_MS)
    for item_id in ("jam", None):
        line = Reached("bought", "e", NOON_MS, 0.0, item_id, 0, "o-1", 400, "EUR")

        assert 0 == PLAIN.minor(Impression(receipt, [SHOWN, line]))


def test_what_earns_just_the_scale_is_not_clipped_and_a_unit_more_is() -> None:
    """Nor what earns nothing; a unit less is."""
    receipt = Receipt("p1", "s1", "popular", "basket/new", 0.5, 0.1, ITEMS, NOON_MS)
    by = PLAIN._replace(scale_minor=100, dismissal_minor=0)
    clipped = [
        by.clipped(Impression(receipt, [SHOWN, sold._replace(margin_minor=margin)]))
        for sold in [Reached("bought", "e", NOON_MS, 0.0, None, 1, "o-1", 400, "EUR")]
        for margin in (-1, 0, 100, 101)
    ]

    assert ["below", "", "", "above"] == clipped
