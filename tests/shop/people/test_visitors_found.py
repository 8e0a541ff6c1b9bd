"""What a visitor's sessions share must not depend on a restart, on what is late, or on who told."""

import json
from typing import Any

import pytest

from streams.contract.events import Event, ShopperForgotten
from streams.contract.published.outcomes import Ordered, Returned, UnitOutcome
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import Story, Till

V: dict[str, Any] = {"visitor_id": "visitor-v"}
ANN: dict[str, Any] = {"shopper_id": "ann", "consent": True}


def signed_in_between(*, late_look: bool) -> tuple[Till, Story]:
    """Butter was added from a prompt in s1; in s2 ann has signed in; a look of s1 may come late."""
    till = Till()
    till.teach("bread", "butter")
    till.teach("tea", "milk")
    one = Story("s1", **V)
    prompt = till.prompt(one.add("bread"))
    for event in (one.see(prompt), one.click(prompt), one.add("butter", receipt=prompt.receipt)):
        till.serve(event)
    late = one.see(till.prompt(one.add("tea")))
    two = Story("s2", start_ms=one.now_ms + 5_000, **V, **ANN)
    till.serve(two.view("soap"))
    if late_look:
        till.serve(late)
    return till, two


def phone(story: Story) -> Story:
    """Ann's other device, a minute later."""
    return Story("phone", start_ms=story.now_ms + 60_000, visitor_id="visitor-w", **ANN)


@pytest.mark.parametrize("late_look", [False, True])
def test_a_late_look_of_the_session_before_leaves_the_shopper_noted(late_look: bool) -> None:
    """What she orders on her phone is credited to what she was offered here."""
    till, two = signed_in_between(late_look=late_look)
    other = phone(two)
    till.serve(other.view("soap"))
    outcomes = till.serve(other.order("butter")).outcomes

    assert [("bought", "butter")] == [(one.stage, one.item_id) for one in outcomes]


def test_a_worker_that_was_restored_after_a_denial_ties_as_one_that_went_on() -> None:
    """It knows the hash of the shopper alone by then, and the other one still the name."""
    till, two = signed_in_between(late_look=True)
    forgotten = ShopperForgotten(
        event_id="f", session_id="elsewhere", shopper_id="ann", occurred_at_ms=two.now_ms + 1_000
    )
    till.shop.learn(1, 0, forgotten)
    restored = Shop(till.shop.settings)
    restore(restored.parts(), json.loads(json.dumps(till.shop.state())))
    two.now_ms += 5_000
    other, first = phone(two), till.shop.position[0]
    told: list[Event] = [two.view("tea"), other.view("tea"), other.order("butter")]
    answers = []
    for shop in (till.shop, restored):
        for offset, event in enumerate(told, first):
            shop.learn(0, offset, event)
        answers.append(shop.answer(told[-1], 0, first + 2, PendingPrompts()).outcomes)

    assert answers[0] == answers[1]
    assert till.shop.digests() == restored.digests()


@pytest.mark.parametrize("visitor", [None, "visitor-v"])
@pytest.mark.parametrize("office_first", [True, False])
def test_an_order_is_of_the_session_that_asked_whoever_tells_it_first(
    visitor: str | None, office_first: bool
) -> None:
    """Also where a webhook or a payment page names the visitor, and so goes on with the basket."""
    till, said = Till(holdout_share=0.5), dict[str, Any](visitor_id=visitor)
    one = Story("s1", **said)
    till.serve(one.view("bread"))
    office = Story("office", start_ms=one.now_ms, **said)
    events = [one.order("jam", order_id="o-7"), office.order("jam", order_id="o-7")]
    records: list[UnitOutcome] = []
    for event in events[::-1] if office_first else events:
        records += till.serve(event).unit_outcomes
    records += till.serve(one.order("jam", order_id="o-7")).unit_outcomes
    back = till.serve(one.send_back("jam", order_id="o-7")).unit_outcomes

    told = [(type(one), one.session_id) for one in records if not getattr(one, "known_by", None)]
    assert [(Ordered, "s1")] == told
    assert [Returned] == [type(record) for record in back]


def test_what_one_device_queued_is_not_late_because_another_one_went_on() -> None:
    """A session's ids are in doubt by its own times alone."""
    till, one = Till(), Story("s1", **V)
    queue = [one.view(f"item-{number}") for number in range(120)]
    for event in queue[:10]:
        till.serve(event)
    till.serve(Story("s2", start_ms=one.now_ms + 600_000, **V).view("soap"))
    silences = [till.serve(event).silence for event in queue[10:]]

    assert not [told for told in silences if told is not None and told.reason == "duplicate"]


def test_devices_of_one_visitor_whose_clocks_differ_lose_nothing() -> None:
    """Eight minutes apart, and taking turns."""
    till = Till()
    devices = [Story("a", **V), Story("b", start_ms=Story("a").now_ms + 480_000, **V)]
    for number in range(200):
        for story in devices:
            till.serve(story.view(f"item-{number % 40}"))
    found = [till.shop.sessions[0].find(name) for name in ("a", "b")]

    assert [200, 200] == [one.seen.noted for one in found if one is not None]
