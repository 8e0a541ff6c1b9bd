"""What comes back takes off what it cost, where it says so: reckoned again, by shops and pieces."""

import json
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine, OrderReturned
from streams.contract.published.outcomes import AnyOutcome, Ordered, Returned, Unmatched
from streams.contract.settings import Settings
from streams.experiments.uplift.kept_units import KeptUnits, read, write
from streams.experiments.uplift.net_orders import (
    CameBack,
    CountedLine,
    OrderSeen,
    UnitTotals,
    count,
    order_seen,
)
from streams.experiments.uplift.units import Units
from tests.experiments.uplift.records import (
    EXPERIMENT,
    assigned,
    folded,
    ordered,
    returned,
    unmatched,
)
from tests.storefront.intake.samples import shop_line, shop_order, shop_refund, track
from tests.storefront.intake.test_cases import read as intake
from tests.stories import Story, Till

HALF: dict[str, Any] = {"holdout_share": 0.5}


def lines(*said: tuple[str, int, int | None]) -> tuple[OrderLine, ...]:
    """Lines of an event: item, quantity, price of one."""
    return tuple(
        OrderLine(item_id=item, quantity=quantity, price_minor=price)
        for item, quantity, price in said
    )


def outcomes(events: Sequence[Event], till: Till | None = None) -> list[AnyOutcome]:
    """What a shop publishes of its units."""
    till = till or Till(**HALF)
    return [record for event in events for record in till.serve(event).unit_outcomes]


def revenue(records: Sequence[AnyOutcome]) -> dict[str, int]:
    """Of all units, by currency."""
    units, total = Units(), dict[str, int]()
    for record in records:
        units.add(record)
    found = units.totals(units.experiments()[-1].id)
    for unit in (*found.held_out, *found.may_get):
        for code, worth in unit.revenue.items():
            total[code] = total.get(code, 0) + worth
    return total


VARIANTS = lines(("shirt", 1, 1_000), ("shirt", 1, 5_000))


@pytest.mark.parametrize(
    ("price", "left"), [(5_000, 1_000), (1_000, 5_000), (None, 3_000), (0, 6_000), (9_000, 1_000)]
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_dear_variant_that_comes_back_takes_its_own_price(
    price: int | None, left: int, elsewhere: bool
) -> None:
    """No more than the dearest; of what tells no price the average, of a gift nothing.

    Whether the session of the order tells it, or a back office.
    """
    till, story = Till(**HALF), Story()
    office = Story("office") if elsewhere else story
    events: list[Event] = [story.view("tea"), story.order(lines=VARIANTS, currency="EUR")]
    office.now_ms = story.now_ms
    back = lines(("shirt", 1, price))
    events.append(office.send_back(order_id="o-s1-1", lines=back, currency="EUR"))

    assert {"EUR": left} == revenue(outcomes(events, till))


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    ("order", "back", "left"),
    [
        ("DKK", "XAF", 3_000),
        ("DKK", "DKK", 1_000),
        ("DKK", None, 1_000),
        (None, None, 1_000),
        (None, "EUR", 3_000),
    ],
)
def test_prices_of_another_currency_say_nothing(
    order: str | None, back: str | None, left: int, elsewhere: bool
) -> None:
    """Neither to the report nor to whoever adds up what `returned` tells."""
    story = Story()
    office = Story("office") if elsewhere else story
    events: list[Event] = [story.view("tea"), story.order(lines=VARIANTS, currency=order)]
    office.now_ms = story.now_ms
    gone = lines(("shirt", 1, 5_000))
    events.append(office.send_back(order_id="o-s1-1", lines=gone, currency=back))
    records = outcomes(events)
    told = records[-1]

    assert {order or "": left} == revenue(records)
    assert isinstance(told, Unmatched if elsewhere else Returned)
    if elsewhere:  # where the order is not known
        assert (back, -5_000) == (told.currency, told.value_minor)
    else:
        assert order == told.currency
        assert told.value_minor == (-5_000 if left == 1_000 else None)
        assert told.value_minor == told.lines[0].value_minor


def test_of_an_item_of_which_not_all_lines_tell_a_price_none_is_told() -> None:
    """Nobody could say how many pieces it is of."""
    story = Story()
    back = lines(("shirt", 1, 5_000), ("shirt", 1, None), ("tie", 2, 300))
    order = story.view("tea"), story.order(lines=VARIANTS)
    told = outcomes([*order, story.send_back(lines=back)])[-1]

    assert isinstance(told, Returned)
    assert [("shirt", -2, None), ("tie", -2, -600)] == [
        (one.item_id, one.quantity, one.value_minor) for one in told.lines
    ]


ITEMS = "ab"
PRICES = st.one_of(st.none(), st.integers(0, 900))
BOUGHT = st.lists(
    st.tuples(st.sampled_from(ITEMS), st.integers(1, 4), st.integers(0, 900)), min_size=1
)
BACK = st.lists(st.tuples(st.sampled_from(ITEMS), st.integers(1, 3), PRICES), max_size=4)


def plainly(bought: Sequence[tuple[str, int, int]], backs: Sequence[Any]) -> int:
    """What is left, by item: what told a price goes first, then the average of the rest.

    A price that nobody paid for it in the order is not believed: the dearest piece cost less, or
    all of them cost their average but for what rounding makes of it.
    """
    left = 0
    for item in ITEMS:
        pieces = sum(n for name, n, _ in bought if name == item)
        worth = sum(n * price for name, n, price in bought if name == item)
        mine = [(n, price) for back in backs for name, n, price in back if name == item]
        if pieces == 0 or sum(n for n, _ in mine) >= pieces:
            continue
        dear = max(price for name, _, price in bought if name == item)
        alike = dear < Fraction(worth, pieces) + 1
        paid = [n * dear if not alike else worth * n // pieces for n, _ in mine]
        for (n, price), most in zip(mine, paid, strict=True):
            if price is not None:
                pieces, worth = pieces - n, max(0, worth - min(n * price, most))
        gone = sum(n for n, price in mine if price is None)
        left += worth - worth * gone // pieces
    return left


def seen(bought: Sequence[tuple[str, int, int]]) -> OrderSeen:
    """The order as outcomes tell it."""
    story = Story()
    events: list[Event] = [story.view("tea"), story.order(lines=lines(*bought), currency="EUR")]
    told = outcomes(events)[-1]
    assert isinstance(told, Ordered)
    return order_seen(told)


def as_back(said: Sequence[tuple[str, int, int | None]]) -> CameBack:
    """A return as outcomes tell it, each line by itself."""
    told = [CountedLine(i, n, None if price is None else n * price) for i, n, price in said]
    return CameBack(tuple(told), "EUR")


@given(bought=BOUGHT, backs=st.lists(BACK.filter(bool), max_size=4), chance=st.randoms())
def test_what_is_left_is_what_a_plain_reckoning_leaves(
    bought: list[Any], backs: list[Any], chance: random.Random
) -> None:
    """In whatever order returns come; never less than nothing, nor more than was ordered."""
    unit, again = UnitTotals(), UnitTotals()
    count(unit, seen(bought), map(as_back, backs))
    chance.shuffle(backs)
    count(again, seen(bought), map(as_back, backs))
    left = unit.revenue.get("EUR", 0)

    assert unit == again
    assert plainly(bought, backs) == left
    assert 0 <= left <= sum(n * price for _, n, price in bought)


@given(
    bought=st.lists(
        st.tuples(st.sampled_from(ITEMS), st.integers(1, 4), PRICES), min_size=1, max_size=4
    ),
    told=st.lists(PRICES, min_size=16, max_size=16),
    codes=st.lists(st.sampled_from(["EUR", "XAF", None]), min_size=4, max_size=4),
    before=st.booleans(),
    chance=st.randoms(),
)
def test_an_order_that_all_comes_back_was_never_placed_whatever_it_is_said_to_have_cost(
    bought: list[Any],
    told: list[int | None],
    codes: list[str | None],
    before: bool,
    chance: random.Random,
) -> None:
    """Piece by piece, in several returns, in any currency, before the order or behind it."""
    pieces = [item for item, quantity, _ in bought for _ in range(quantity)]
    chance.shuffle(pieces)
    priced = [(item, 1, price) for item, price in zip(pieces, told, strict=False)]
    parts = [part for part in (priced[at::4] for at in range(4)) if part]
    story, office = Story(), Story("office")
    view, other = story.view("tea"), story.order(lines=lines(("tea", 1, 70)), currency="EUR")
    order = story.order(lines=lines(*bought), currency="EUR", order_id="o-7")
    office.now_ms = story.now_ms
    backs = [
        office.send_back(order_id="o-7", lines=lines(*part), currency=code)
        for part, code in zip(parts, codes, strict=False)
    ]

    def sorted_in(some: list[OrderReturned]) -> list[Event]:
        """All events, with these returns before their order or behind it."""
        return [view, other, *some, order] if before else [view, other, order, *some]

    with_it = Till(**HALF)
    records = outcomes(sorted_in(backs), with_it)
    unpriced = Till(**HALF)
    plain = [
        one.model_copy(
            update={"currency": None, "lines": lines(*((i, 1, None) for i, _, _ in part))}
        )
        for one, part in zip(backs, parts, strict=True)
    ]
    outcomes(sorted_in(plain), unpriced)

    assert {"EUR": 70} == revenue(records) == revenue(outcomes([view, other]))
    assert with_it.shop.digests() == unpriced.shop.digests()


TEA = {"product_id": "tea", "price": 10, "quantity": 3}


@pytest.mark.parametrize(
    ("off", "pieces", "left"),
    [
        *[({"discount": 5}, (1,), 1_667), ({"discount": 5}, (1, 1), 834)],
        *[({"discount": 5}, (3,), 0), ({"discount": 5}, (1, 1, 1), 0)],
        *[({}, (1,), 2_000), ({"discount": 30}, (1,), 0)],
    ],
)
def test_a_piece_takes_no_more_than_was_paid_where_its_refund_tells_the_price_before_discounts(
    off: dict[str, int], pieces: tuple[int, ...], left: int
) -> None:
    """As those do that tell the products of an order once more, and not what was paid for them."""
    order = {"order_id": "o", "currency": "EUR", "products": [TEA], **off}
    (placed,) = intake("segment", track("Order Completed", order)).events
    story = Story(placed.session_id, start_ms=placed.occurred_at_ms - 5_000)
    came: list[Event] = [story.view("tea"), placed]
    for number, quantity in enumerate(pieces):
        back = {"order_id": "o", "currency": "EUR", "products": [TEA | {"quantity": quantity}]}
        (one,) = intake("segment", track("Order Refunded", back)).events
        update = {"event_id": f"back-{number}", "occurred_at_ms": one.occurred_at_ms + number + 1}
        came.append(one.model_copy(update=update))

    assert {"EUR": left} == revenue(outcomes(came))


@pytest.mark.parametrize(
    ("prices", "told"), [((1_000, 5_000), 5_000), ((834, 833), None), ((835, 833), 835)]
)
def test_an_order_tells_what_the_dearest_piece_cost_where_that_is_above_the_average(
    prices: tuple[int, int], told: int | None
) -> None:
    """Up to a minor unit, as a discount that is spread over lines leaves it; no return tells it."""
    story = Story()
    two = lines(("shirt", 1, prices[0]), ("shirt", 1, prices[1]))
    events = story.view("tea"), story.order(lines=two), story.send_back(lines=two)
    *_, order, back = outcomes(events)

    assert isinstance(order, Ordered)
    assert isinstance(back, Returned)
    assert [told, None] == [one.lines[0].price_max_minor for one in (order, back)]


def test_a_refund_of_shopifys_takes_back_what_was_paid_for_its_line() -> None:
    """Two variants of one product, of which the dear one came back, by its line's number alone."""
    rows = [shop_line(id=5, price="10.00"), shop_line(id=6, variant_id=422, price="50.00")]
    back = shop_refund(refund_line_items=[{"line_item_id": 6, "quantity": 1}])
    came = [*intake("shopify", shop_order(line_items=rows, refunds=[back])).events]
    story = Story(came[0].session_id, start_ms=came[0].occurred_at_ms - 5_000)

    assert {"EUR": 1_000} == revenue(outcomes([story.view("42"), *came]))


@pytest.mark.parametrize(
    ("refund", "left"),
    [
        ({"quantity": 1, "subtotal": "44.44"}, 8_889),
        ({"quantity": 1, "subtotal": 44.44}, 8_889),
        ({"quantity": 3}, 0),
        ({"quantity": 1}, 8_889),
    ],
)
def test_a_refund_is_of_what_was_paid_less_discounts(refund: dict[str, Any], left: int) -> None:
    """As its `subtotal` has it; of a part that does not tell it the average."""
    off = [{"amount": "16.67"}]
    row = shop_line(quantity=3, price="50.00", discount_allocations=off)
    back = shop_refund(refund_line_items=[{"line_item_id": 5, **refund}])
    came = [*intake("shopify", shop_order(line_items=[row], refunds=[back]), Settings()).events]
    story = Story(came[0].session_id, start_ms=came[0].occurred_at_ms - 5_000)

    assert {"EUR": left} == revenue(outcomes([story.view("42"), *came]))


def test_prices_of_what_came_back_are_kept_with_their_currency(tmp_path: Path) -> None:
    """A file of before has none: its prices may be in any, and say nothing."""
    unit = assigned(1)
    order = ordered(unit, bread=2)
    backs = [
        returned(order, f"back {code}", bread=1).model_copy(
            update={
                "currency": code,
                "lines": (
                    returned(order, bread=1).lines[0].model_copy(update={"value_minor": -90}),
                ),
            }
        )
        for code in ("XAF", "EUR")
    ]
    path = tmp_path / "kept.json"
    for back, left in zip(backs, (250, 410), strict=True):
        write(path, "outcomes", KeptUnits(folded([unit, order, back]), {}))
        kept = read(path, "outcomes")
        assert kept is not None
        (done,) = _all(kept.units)
        assert {"EUR": left} == done.revenue
        said = json.loads(path.read_text())
        said["version"] = 4
        for told in said["units"]["returns"].values():
            told[0] = told[0][:2]
        path.write_text(json.dumps(said))
        before = read(path, "outcomes")
        assert before is not None
        (done,) = _all(before.units)
        assert {"EUR": 250} == done.revenue


def test_a_return_of_before_returns_had_a_currency_takes_the_average() -> None:
    """Its price may be in any, and of some of its pieces: figures stay as they were told then.

    Of an order without a currency, whose returns have none either, it is in the order's.
    """
    unit = assigned(1)
    order = ordered(unit, bread=2)
    line = returned(order, bread=1).lines[0].model_copy(update={"value_minor": -90})
    back = returned(order, bread=1).model_copy(update={"lines": (line,)})
    nowhere = order.model_copy(update={"currency": None})

    assert {"EUR": 250} == revenue([unit, order, back])
    assert {"": 410} == revenue([unit, nowhere, back])


def test_a_return_elsewhere_that_tells_no_currency_is_in_the_orders(tmp_path: Path) -> None:
    """Who tells it need not know the order; also when it was kept."""
    unit = assigned(1)
    order = ordered(unit, bread=2)
    back = unmatched(order, "office", bread=1)
    line = back.lines[0].model_copy(update={"value_minor": -90})
    records: list[AnyOutcome] = [unit, order, back.model_copy(update={"lines": (line,)})]
    write(tmp_path / "kept.json", "outcomes", KeptUnits(folded(records), {}))
    kept = read(tmp_path / "kept.json", "outcomes")

    assert kept is not None
    assert [{"EUR": 410}] == [one.revenue for one in _all(kept.units)]
    assert {"EUR": 410} == revenue(records)


def test_what_the_dearest_piece_cost_is_kept(tmp_path: Path) -> None:
    """So that a refund of the dear variant that comes after the look takes its own price."""
    till, story = Till(**HALF), Story()
    path = tmp_path / "kept.json"
    before = outcomes([story.view("tea"), story.order(lines=VARIANTS)], till)
    write(path, "outcomes", KeptUnits(folded(before), {}))
    kept = read(path, "outcomes")
    assert kept is not None
    (back,) = outcomes([story.send_back(lines=lines(("shirt", 1, 9_000)))], till)
    kept.units.add(back)
    totals = kept.units.totals(kept.units.experiments()[-1].id)
    (done,) = [*totals.held_out, *totals.may_get]

    assert {"": 1_000} == done.revenue


def _all(units: Units) -> list[UnitTotals]:
    totals = units.totals(EXPERIMENT.id)
    return [*totals.held_out, *totals.may_get]


def test_of_one_return_that_was_told_in_two_ways_the_same_is_kept_whichever_came_first() -> None:
    """By a worker that still knew its order, and by one that did not."""
    unit = assigned(1)
    order = ordered(unit, bread=2)
    line = returned(order, bread=1).lines[0].model_copy(update={"value_minor": -90})
    two = [
        returned(order, bread=1),
        returned(order, bread=1).model_copy(update={"lines": (line,), "currency": "XAF"}),
    ]
    one, other = folded([unit, order, *two]), folded([unit, order, *two[::-1]])

    assert one.state() == other.state()
