"""Baskets, orders, returns and credit beside the plain, slow twin of the verdict."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.lab.chaos.books.compared import compared
from streams.lab.chaos.twin.twin import Twin
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.memory.taught import APART_MAX
from streams.shop.shop import Shop
from tests.stories import OPEN, Story, Till

ITEMS = ("bread", "butter", "jam", "tea")
OFFERED = ("butter", "jam")
Step = tuple[str, str, str, int]
STEPS = (
    *("click", "add", "add from it", "add early", "remove", "set basket", "order", "again"),
    *("send back", "cancel", "from the office", "deny", "consent", "sign out", "forget"),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(STEPS), st.sampled_from(ITEMS), st.sampled_from(ITEMS), st.integers(1, 3)
    ),
    max_size=14,
)


class Beside(Till):
    """A shop and its twin: both see each event."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.twin = Twin(self.shop.settings, IMPRESSIONS_MAX, APART_MAX)
        self.outcomes: dict[tuple[str, ...], AnyOutcome] = {}

    def serve(self, event: Event, *, now_ms: int | None = None) -> Answer:
        """What the shop answers; each outcome is told once."""
        self.twin.see(0, event)
        answer = super().serve(event, now_ms=now_ms)
        for one in (*answer.outcomes, *answer.unit_outcomes):
            assert one.identity not in self.outcomes
            self.outcomes[one.identity] = one
        return answer

    def differences(self) -> list[str]:
        """What is not as the twin has it."""
        return compared(self.shop, self.outcomes.values(), self.twin).sentences


def told_event(story: Story, office: Story, prompt: Prompt, step: Step) -> Event:
    """The event of a step; orders are called by one of three numbers."""
    what, item, other, quantity = step
    lines = tuple(
        OrderLine(item_id=one, quantity=n, price_minor=n * 101)
        for one, n in ((item, quantity), (other, 1))
    )
    named = {"order_id": f"o-{quantity}"}
    many, ordered = {"quantity": quantity}, {**named, "lines": lines, "currency": "EUR"}
    returned = {**named, "lines": lines}
    events: dict[str, Callable[[], Event]] = {
        "click": partial(story.click, prompt),
        "add": partial(story.add, item, **many, price_minor=99, currency="EUR"),
        "add from it": partial(story.add, item, **many, receipt=prompt.receipt),
        # It happened before what was told before it.
        "add early": partial(story.add, item, **many, occurred_at_ms=story.now_ms - 1500),
        "remove": partial(story.remove, item, **many),
        "set basket": partial(story.set_basket, item, other),
        "order": partial(story.order, **ordered),
        "again": partial(office.order, **ordered),
        "send back": partial(story.send_back, **returned),
        "cancel": partial(story.cancel, **named),
        "from the office": partial(office.send_back, **returned),
        "deny": partial(story.view, item, consent=False),
        "consent": partial(story.view, item),
        "sign out": partial(story.view, item, schema_version=2, shopper_id=None, consent=True),
        "forget": partial(office.forget, "ann"),
    }
    return events[what]()


@settings(max_examples=150, deadline=None)
@given(steps)
def test_the_shop_counts_what_the_twin_counts(story_of: list[Step]) -> None:
    """Basket, pairs, items, baskets, purchases; what the prompt earned, and each outcome."""
    till, story = Beside(together_min=1), Story(shopper_id="ann")
    for item in OFFERED:
        till.teach("bread", item, times=2)
    prompt = till.prompt(story.add("bread"))
    assert {*OFFERED} == {item.item_id for item in prompt.items}
    till.serve(story.see(prompt))
    office = Story("office", start_ms=story.now_ms)
    for step in story_of:
        till.serve(told_event(story, office, prompt, step))

    assert [] == till.differences()


def read_as(order: str, told: list[tuple[int, Event]]) -> list[str]:
    """What is not as the twin has it, for a worker that reads one partition after the other."""
    shop, pending = Shop(Settings(**{**OPEN, "together_min": 1, "partitions": 2})), PendingPrompts()
    twin, outcomes = Twin(shop.settings, IMPRESSIONS_MAX, APART_MAX), list[AnyOutcome]()
    by_partition = [(p, event) for number in (0, 1) for p, event in told if p == number]
    read = {"as told": told, "0 first": by_partition, "1 first": sorted(told, key=lambda t: -t[0])}
    for partition, event in told:
        twin.see(partition, event)
    for partition, event in read[order]:
        offset = shop.position.get(partition, 0)
        shop.learn(partition, offset, event)
        answer = shop.answer(event, partition, offset, pending)
        outcomes += [*answer.outcomes, *answer.unit_outcomes]
    return compared(shop, outcomes, twin).sentences


@settings(max_examples=80, deadline=None)
@given(steps)
def test_an_order_that_two_partitions_tell_is_as_the_twin_has_it(story_of: list[Step]) -> None:
    """A till or a webhook on another partition, however a worker reads the two."""
    till, story = Till(together_min=1), Story(shopper_id="ann")
    for item in OFFERED:
        till.teach("bread", item, times=2)
    told = [(0, event) for event in till.served]
    first = story.add("bread")
    prompt = till.prompt(first)
    office = Story("office", start_ms=story.now_ms)
    told += [(0, first), (0, story.see(prompt))]
    for step in story_of:
        event = told_event(story, office, prompt, step)
        told.append((int(event.session_id == "office"), event))

    assert {"as told": [], "0 first": [], "1 first": []} == {
        order: read_as(order, told) for order in ("as told", "0 first", "1 first")
    }


def test_the_twin_forgets_the_same_prompts() -> None:
    """One prompt more than a session remembers: what comes of the first one counts no more."""
    till, story = Beside(together_min=1), Story(shopper_id="ann")
    till.teach("bread", "butter", times=2)
    prompts = [till.prompt(story.view("bread")) for _ in range(IMPRESSIONS_MAX + 2)]
    for prompt in prompts[1:]:
        till.serve(story.see(prompt))
    for prompt in prompts[:3]:
        till.serve(story.click(prompt))
        till.serve(story.add("butter", receipt=prompt.receipt))

    assert [] == till.differences()
    assert 1 + IMPRESSIONS_MAX == sum(("shown" in identity) for identity in till.outcomes)


def test_the_twin_sees_what_is_wrong() -> None:
    """A shop that does not hear of a return has another ledger."""
    till, story = Beside(together_min=1), Story(shopper_id="ann")
    till.serve(story.order("bread", "butter", order_id="o-7"))
    assert [] == till.differences()

    till.twin.see(0, story.cancel(order_id="o-7"))
    assert "items of 'bread': 1, not 0" in till.differences()
