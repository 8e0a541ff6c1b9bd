"""What neither late events nor large ones may do: lose money, knowledge, or somebody's privacy."""

import json
from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import Event, ItemViewed, OrderLine
from streams.contract.events.fields import LINES_MAX, PRICE_MINOR_MAX, QUANTITY_MAX
from streams.contract.events.reference.catalog import CatalogItem, Relation
from streams.contract.wire.numbers import WHOLE_MAX
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.impression import AMOUNT_MAX
from streams.shop.memory.orders.weight import BYTES_MAX, weight
from streams.shop.memory.session import Session
from streams.shop.state import restore
from tests.stories import NOON_MS, Story, Till

V2: dict[str, Any] = {"schema_version": 2, "visitor_id": "v"}
NOBODY: dict[str, Any] = {"shopper_id": None, "consent": True}


def session(till: Till, name: str) -> Session:
    """The session of this name."""
    found = till.shop.sessions[0].find(name)
    assert found is not None
    return found


def test_the_dearest_order_is_restored() -> None:
    """What the fold takes a checkpoint takes: else all that is known would be refused."""
    till, story = Till(), Story()
    till.serve(story.add("bread"))
    line = OrderLine(item_id="bread", quantity=QUANTITY_MAX, price_minor=PRICE_MINOR_MAX)
    till.serve(story.order("bread", lines=(line,) * 11))
    again = till.shop.new(till.shop.settings)
    restore(again.parts(), json.loads(json.dumps(till.shop.state())))

    assert till.shop.digests() == again.digests()
    assert LINES_MAX * QUANTITY_MAX * PRICE_MINOR_MAX == AMOUNT_MAX < WHOLE_MAX


@pytest.mark.parametrize("slots", [None, ("post_purchase",)], ids=["asks nothing", "asks"])
def test_an_order_that_asks_tells_what_it_bought_of_another_session(slots: Any) -> None:
    """Prompted on one device, ordered on another one."""
    till = Till()
    till.teach("bread", "butter")
    laptop, phone = Story("laptop", shopper_id="ann"), Story("phone", shopper_id="ann")
    offered = till.prompt(laptop.add("bread"))
    till.serve(laptop.see(offered))
    till.serve(laptop.add("butter", receipt=offered.receipt))
    phone.now_ms = laptop.now_ms
    answer = till.serve(phone.order("bread", "butter", slots=slots))

    assert [("bought", "butter")] == [(one.stage, one.item_id) for one in answer.outcomes]


def test_late_adds_of_who_has_left_are_kept_as_far_as_the_basket_has_them() -> None:
    """However many come: nothing of them grows without bound."""
    till, before = Till(), Story("s1", **V2)
    till.serve(before.add("bread"))
    after = Story("s2", start_ms=before.now_ms + 1_000_000, **V2)
    till.serve(after.view("tea", shopper_id="ann"))
    till.serve(after.view("jam", **NOBODY))
    for number in range(300):
        till.serve(before.add(f"item-{number:06}"))
    held = session(till, "s2")

    assert set(held.moments.anothers) <= set(held.basket)
    assert len(held.basket) <= BASKET_MAX
    assert weight(held) <= BYTES_MAX


def test_what_was_taken_out_before_an_order_was_not_bought_by_it() -> None:
    """In whichever order an add, its removal and an order of the item come."""
    earned = set()
    for places in permutations(range(3)):
        till, story = Till(), Story()
        till.teach("bread", "butter")
        offered = till.prompt(story.add("bread"))
        till.serve(story.see(offered))
        till.serve(story.click(offered))
        events: list[Event] = [
            story.add("butter", receipt=offered.receipt),
            story.remove("butter"),
            story.order("bread", "butter"),
        ]
        told = [one.reward for at in places for one in till.serve(events[at]).outcomes]
        earned.add(round(sum(told), 9))

    assert {0.0} == earned


def test_a_late_sign_out_gives_nobody_the_views_of_who_left_later() -> None:
    """Ann is in two sessions of one browser, and leaves; an older parting comes after that."""
    till = Till()
    ann, tab = Story("s1", shopper_id="ann", **V2), Story("s2", start_ms=NOON_MS + 100_000, **V2)
    till.serve(ann.view("tea"))
    till.serve(tab.view("milk", shopper_id="ann"))
    tab.now_ms = NOON_MS + 200_000
    till.serve(tab.view("jam", **NOBODY))
    till.serve(tab.add("cake", **NOBODY))
    before = session(till, "s2")
    moments, viewed = before.moments, [*before.viewed]
    for name, item, at_s, who in (("s1", "x", 50, NOBODY), ("s2", "secret", 150, {})):
        at_ms = NOON_MS + 1000 * at_s
        late: dict[str, Any] = {
            "event_id": f"late-{name}",
            "occurred_at_ms": at_ms,
            "item_id": item,
        }
        till.serve(ItemViewed(session_id=name, **late, **V2, **who))
    held = session(till, "s2")

    assert (moments, viewed, ["cake"]) == (held.moments, held.viewed, held.own_basket)


def test_a_checkout_is_not_asked_of_the_basket_of_who_has_left() -> None:
    """What somebody else put there speaks for no prompt."""
    till, story = Till(), Story("s1", schema_version=2)
    till.teach("bread", "butter")
    till.serve(story.add("bread", shopper_id="ann"))
    till.serve(story.view("jam", **NOBODY))
    answer = till.serve(story.check_out(slots=("checkout",), **NOBODY))

    assert [] == session(till, "s1").own_basket
    assert answer.prompt is None


def test_a_prompt_with_many_stages_can_still_be_sent_away() -> None:
    """Its items are not offered again."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    offered = till.prompt(story.add("bread"))
    till.serve(story.see(offered))
    for _ in range(60):
        till.serve(story.add("butter", receipt=offered.receipt))
    till.serve(story.dismiss(offered))
    till.serve(story.dismiss(offered))

    assert 1 == session(till, "s1").dismissals
    assert session(till, "s1").impressions[offered.prompt_id].has("dismissed")


def test_the_relations_of_a_catalogue_are_bounded_too() -> None:
    """What has no room is left out, and what the record withholds stands."""
    catalog = Catalog(items_max=2)
    for item in "ab":
        assert catalog.put(CatalogItem(item_id=item, hidden=True))
    better = tuple(Relation(kind="upgrade_of", item_id=f"x-{number}") for number in range(64))
    priced: dict[str, Any] = {"price_minor": 1, "currency": "EUR", "relations": better}

    assert catalog.put(CatalogItem(item_id="a", hidden=True, **priced))
    assert (2, "hidden", 0) == (len(catalog), catalog.withheld["a"], catalog.upgrades.relations)
    assert {"upgrades": 1} == catalog.left_out
    assert catalog.put(CatalogItem(item_id="a", price_minor=1, currency="EUR"))
    assert 1 == len(catalog)
