"""Outcomes follow from the log: whoever answers late tells what is told in time."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.outcomes import LET_GO_MAX, LetGo
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.seen import short
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.shop import Shop
from tests.shop.memory.orders.test_earnings import RECEIPT
from tests.stories import NOON_MS, Story, Till

ITEMS = [f"item-{number}" for number in range(12)]
VISITORS: list[dict[str, Any]] = [
    {"visitor_id": "v"},
    {"visitor_id": "v", "shopper_id": "ann"},
    {"shopper_id": "ann"},
    {},
]
Told = list[list[Any]]


def event_of(chance: Random, story: Story, prompt: Prompt | None) -> Event:
    """Whatever shoppers do, with a prompt or without one."""
    item, deed = chance.choice(ITEMS), chance.randrange(16)
    if prompt is None or deed > 10:
        acts = (story.view, story.add, story.remove, story.set_basket, story.order, story.send_back)
        return chance.choice(acts)(item)
    if deed < 4:
        return story.see(prompt)
    if deed < 6:
        return story.click(prompt)
    if deed == 6:
        return story.dismiss(prompt)
    if deed == 7:
        return story.order(prompt.items[0].item_id)
    return story.add(prompt.items[0].item_id, receipt=prompt.receipt)


def in_time(
    chance: Random, events: int, *, counting: bool = False
) -> tuple[Till, list[Event], Told]:
    """A shop that answers at once; its log, and what each event of it brought to prompts."""
    till, log, told = Till(together_min=1), list[Event](), list[list[Any]]()
    stories = [Story(f"s{place}", **who) for place, who in enumerate(VISITORS)]
    prompts: dict[str, Prompt] = {}
    for second in range(events):
        story = chance.choice(stories)
        story.now_ms = NOON_MS + 1_000 * (second + chance.choice((0, 0, 0, 60)))
        event = event_of(chance, story, prompts.get(story.session_id))
        number = event.event_id.rpartition("-")[2]  # as senders count: 1, 2, 3 in each session
        log.append(event.model_copy(update={"event_id": number}) if counting else event)
        answer = till.serve(log[-1])
        told.append([one.model_dump() for one in answer.outcomes])
        if answer.prompt is not None:
            prompts[story.session_id] = answer.prompt
    return till, log, told


def late(till: Till, log: list[Event], lag: int) -> Told:
    """The same of a shop that has folded so many more events when it answers."""
    shop, told = Shop(till.shop.settings), list[list[Any]]()
    for offset, event in enumerate(log):
        for ahead in range(offset, min(len(log), offset + lag + 1)):
            shop.learn(0, ahead, log[ahead])
        answer = shop.answer(event, 0, offset, till.pending)
        told.append([one.model_dump() for one in answer.outcomes])
    assert shop.digest() == till.shop.digest()
    return told


def by_cause(told: Told) -> Told:
    """Those of an event in whichever order; what was shown was so at the earliest that is known."""
    for one in (one for brought in told for one in brought if one["stage"] == "shown"):
        del one["occurred_at_ms"]
    return [sorted(one, key=str) for one in told]


@given(seed=st.integers(0, 2**32), lag=st.sampled_from([1, 20, 100, 1_000]), counting=st.booleans())
@settings(max_examples=12)
def test_a_worker_that_is_behind_tells_what_one_in_time_tells(
    seed: int, lag: int, counting: bool
) -> None:
    """However many prompts their sessions have let go meanwhile, in whichever order events come."""
    till, log, told = in_time(Random(seed), 300, counting=counting)

    assert by_cause(told) == by_cause(late(till, log, lag))


def test_the_log_of_that_lets_go_of_many_prompts() -> None:
    """Else it would say nothing."""
    till, _, told = in_time(Random(1), 300)
    kept = sum(len(session.impressions) for session in till.shop.sessions[0])
    shown = {one["prompt_id"] for brought in told for one in brought}

    assert len(shown) > 2 * kept > IMPRESSIONS_MAX


def test_of_too_many_that_were_let_go_the_first_are_forgotten() -> None:
    """A bound, so that memory has one."""
    let_go, story = LetGo(), Story(RECEIPT.session_id)
    events = [story.view("tea", event_id=str(number)) for number in range(LET_GO_MAX + 1)]
    for event in events:
        shown = Impression(RECEIPT, [Reached("shown", event.event_id, NOON_MS)])
        let_go.note(shown)

    assert () == let_go.of(events[0])
    assert [shown] == [*let_go.of(events[-1])]
    assert 1 == len(let_go.of(events[1]))


@pytest.mark.parametrize("name", ["17", "event-of-a-long-name-17"])
def test_sessions_that_count_alike_find_their_own(name: str) -> None:
    """However many sessions have an event of one name, an answer looks at a few prompts."""
    let_go = LetGo()
    for number in range(3 * LET_GO_MAX):
        receipt = RECEIPT._replace(session_id=f"s{number}", prompt_id=f"p{number}")
        let_go.note(Impression(receipt, [Reached("shown", short(name), NOON_MS)]))
    last = f"s{number}"

    assert [last] == [one.session_id for one in let_go.of(Story(last).view("tea", event_id=name))]
    assert () == let_go.of(Story("another").view("tea", event_id=name))
    assert len(let_go) <= LET_GO_MAX


@pytest.mark.parametrize("session_id", [RECEIPT.session_id, "another"])
def test_an_event_finds_what_it_has_brought_to_prompts_that_were_let_go(session_id: str) -> None:
    """To several at once, and of another session of its visitor, too."""
    let_go, story = LetGo(), Story(session_id)
    event = story.view("tea")
    told = event.event_id if session_id == RECEIPT.session_id else event.identity
    two = [Impression(RECEIPT, [Reached("shown", told, NOON_MS)]) for _ in range(2)]
    for shown in two:
        let_go.note(shown)

    assert two == [*let_go.of(event)]
    assert () == let_go.of(story.view("tea"))
