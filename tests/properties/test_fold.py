"""Laws of the fold, tried on generated shops full of shoppers."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import OPEN, Story

ITEMS = st.sampled_from(["bread", "butter", "jam", "tea", "milk"])
STEPS = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["view", "add", "remove", "order", "check_out"]),
    ITEMS,
    st.integers(0, 400),
)
PARTITIONS = 3
REACTIONS = st.sampled_from(["see", "click", "dismiss"])


@st.composite
def logs(draw: st.DrawFn) -> list[list[Event]]:
    """A log of three partitions: the steps of six shoppers, each on a partition of its own."""
    log: list[list[Event]] = [[] for _ in range(PARTITIONS)]
    stories = [Story(f"s{n}", shopper_id=f"shopper-{n % 4}") for n in range(6)]
    for who, what, item, pause_s in draw(st.lists(STEPS, max_size=60)):
        act = getattr(stories[who], what)
        event = act(after_s=pause_s) if what == "check_out" else act(item, after_s=pause_s)
        log[who % PARTITIONS].append(event)
    return log


@st.composite
def feedback_logs(draw: st.DrawFn) -> list[list[Event]]:
    """A log in which shoppers also see, follow and dismiss the prompts that they get."""
    till, pending = shop(), PendingPrompts()
    log: list[list[Event]] = [[] for _ in range(PARTITIONS)]
    for partition, events in enumerate(draw(logs())):
        for event in events:
            offset = len(log[partition])
            assert "folded" == till.learn(partition, offset, event)
            log[partition].append(event)
            prompt = till.answer(event, partition, offset, pending).prompt
            for number, what in enumerate(draw(st.lists(REACTIONS, max_size=2)) if prompt else ()):
                assert prompt is not None
                story = Story(event.session_id, start_ms=event.occurred_at_ms)
                act = getattr(story, what)
                reaction = act(prompt, event_id=f"{event.event_id}-{number}", after_s=0)
                assert "folded" == till.learn(partition, len(log[partition]), reaction)
                log[partition].append(reaction)
    return log


def fold(shop: Shop, log: list[list[Event]], order: list[int]) -> Shop:
    """Fold the next event of the partitions in this order, then what is left."""
    left = [list(enumerate(events)) for events in log]
    for partition in (*order, *(p for p in range(PARTITIONS) for _ in log[p])):
        if left[partition]:
            offset, event = left[partition].pop(0)
            assert "folded" == shop.learn(partition, offset, event)
    return shop


def shop(**settings: Any) -> Shop:
    """A shop that nothing silences."""
    return Shop(Settings(**{**OPEN, **settings}))


def woken(sleeper: Shop) -> Shop:
    """The shop that goes on from another one's state, as JSON brings it."""
    fresh = Shop(sleeper.settings)
    restore(fresh.parts(), json.loads(json.dumps(sleeper.state())))
    return fresh


@given(logs(), st.lists(st.integers(0, PARTITIONS - 1), max_size=80))
def test_any_interleaving_of_partitions_ends_in_the_same_state(
    log: list[list[Event]], order: list[int]
) -> None:
    """Within a partition order holds; across partitions only what commutes may count."""
    assert fold(shop(), log, []).digest() == fold(shop(), log, order).digest()


@given(logs(), st.data())
def test_redelivered_offsets_change_nothing(log: list[list[Event]], data: st.DataObject) -> None:
    """After each event any earlier one may come again."""
    twice = shop()
    for partition, events in enumerate(log):
        for offset, event in enumerate(events):
            assert "folded" == twice.learn(partition, offset, event)
            again = data.draw(st.integers(0, offset))
            assert "repeated" == twice.learn(partition, again, events[again])

    assert fold(shop(), log, []).digest() == twice.digest()


@given(logs(), st.data())
def test_repeated_events_change_nothing_but_the_position(
    log: list[list[Event]], data: st.DataObject
) -> None:
    """A sender may send any event twice."""
    repeated = [
        [event for each in events for event in [each] * (1 + data.draw(st.booleans()))]
        for events in log
    ]
    once, twice = fold(shop(), log, []).state(), fold(shop(), repeated, []).state()
    for state in (once, twice):
        del state["position"]
        for _, sessions, *_ in state["sessions"].values():
            for session in sessions:
                for place in (10, 11):  # with their ids, and before them
                    session[place] = [told for told, _ in session[place]]

    assert once == twice


@given(logs())
def test_every_answer_is_admissible(log: list[list[Event]]) -> None:
    """Never basket or anchor, one to three items, exact propensities above the floor."""
    till, pending = shop(), PendingPrompts()
    floor = till.settings.arm_floor
    for partition, events in enumerate(log):
        for offset, event in enumerate(events):
            till.learn(partition, offset, event)
            outgoing_prompt = till.answer(event, partition, offset, pending).outgoing_prompt
            if outgoing_prompt is None:
                continue
            pending.add(outgoing_prompt)
            prompt = outgoing_prompt.prompt()
            session = till.sessions[partition].find(event.session_id)
            assert session is not None
            offered = {item.item_id for item in prompt.items}
            assert offered.isdisjoint({*session.basket, *session.bought, prompt.anchor})
            assert 1 <= len(offered) <= 3
            assert abs(sum(prompt.propensities.values()) - 1) < 1e-9
            assert min(prompt.propensities.values()) >= min(floor, 1 / len(prompt.propensities))
            assert prompt.propensity == prompt.propensities[prompt.arm]


@given(feedback_logs(), st.integers(0, 80))
def test_a_restored_shop_goes_on_as_if_it_had_never_stopped(
    log: list[list[Event]], at: int
) -> None:
    """Equal at once, equal in the end, and with the same answers in between."""
    straight, stopped = shop(), shop()
    events = [(p, o, event) for p, part in enumerate(log) for o, event in enumerate(part)]
    for place, (partition, offset, event) in enumerate(events):
        if place == at:
            state = stopped.state()
            stopped = woken(stopped)
            assert state == stopped.state()
        for till in (straight, stopped):
            assert "folded" == till.learn(partition, offset, event)
        ours, theirs = (
            till.answer(event, partition, offset, PendingPrompts()) for till in (straight, stopped)
        )
        assert ours.prompt == theirs.prompt
        assert ours._replace(outgoing_prompt=None) == theirs._replace(outgoing_prompt=None)

    assert straight.state() == woken(stopped).state()
    assert straight.digest() == stopped.digest()


TIGHT = {"sessions_max": 1, "shoppers_max": 1}
"""Bounds that make every shop forget. (Tables of items and pairs: tests/properties/test_exactness
has those that say what of them is exact.)"""


@given(logs(), st.lists(st.integers(0, PARTITIONS - 1), max_size=80), st.sets(st.integers(0, 60)))
def test_workers_that_forget_and_restart_agree_all_the_same(
    log: list[list[Event]], order: list[int], crashes: set[int]
) -> None:
    """Whatever they saw first, and wherever they went on from a checkpoint."""
    steady, shaken = fold(shop(**TIGHT), log, []), shop(**TIGHT)
    left = [list(enumerate(events)) for events in log]
    turns = (*order, *(p for p in range(PARTITIONS) for _ in log[p]))
    for number, partition in enumerate(turns):
        if number in crashes:
            shaken = woken(shaken)
        if left[partition]:
            offset, event = left[partition].pop(0)
            assert "folded" == shaken.learn(partition, offset, event)

    assert steady.digests() == shaken.digests()
