"""What comes back piece by piece: it is bounded, it counts, and the latest of it can be told."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, OrderLine
from streams.contract.published.outcomes import Outcome
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.reached import EARLIER, RETURNS_MAX, Reached, bounded, joined
from streams.shop.memory.orders.seen import SHORT
from streams.shop.memory.orders.weight import BYTES_MAX
from streams.shop.memory.session import Session
from streams.shop.state import restore
from tests.deep_size import deep_size
from tests.shop.memory.orders.test_earnings import RECEIPT
from tests.stories import NOON_MS, Story, Till

PIECES = 1_000
PRICE = {"price_minor": 250}


def line(quantity: int, item_id: str = "butter") -> OrderLine:
    """So many pieces."""
    return OrderLine(item_id=item_id, quantity=quantity, **PRICE)


class Counter(Till):
    """A prompt for butter was followed, and so many pieces were added from it."""

    def __init__(self, pieces: int) -> None:
        super().__init__(arm_window_s=1e6)
        self.teach("bread", "butter")
        self.story = Story()
        prompt = self.prompt(self.story.add("bread"))
        self.serve(self.story.see(prompt))
        self.serve(self.story.add("butter", quantity=pieces, receipt=prompt.receipt))
        self.office = Story("office", start_ms=self.story.now_ms)

    @property
    def session(self) -> Session:
        """Of the prompt."""
        found = self.shop.sessions[0].find("s1")
        assert found is not None
        return found

    @property
    def impression(self) -> Impression:
        """What is kept of the prompt."""
        (found,) = self.session.impressions.values()
        return found

    def order(self, pieces: int) -> Event:
        """All of it is bought."""
        return self.story.order(lines=(line(pieces),), order_id="o-7", currency="EUR")

    def back(self, pieces: int = 1, story: Story | None = None) -> Event:
        """Some of it is sent back, to the shop or to an office."""
        return (story or self.story).send_back(lines=(line(pieces),), order_id="o-7")

    def learn(self, partition: int, event: Event) -> None:
        """Fold alone."""
        self.shop.learn(partition, self.shop.position.get(partition, 0), event)

    def restart(self) -> None:
        """Go on from a checkpoint."""
        again = self.shop.new(self.shop.settings)
        restore(again.parts(), json.loads(json.dumps(self.shop.state())))
        self.shop = again


def told(outcomes: Sequence[Outcome]) -> list[tuple[str, int | None, int | None, float]]:
    """What outcomes say."""
    return [(one.stage, one.quantity, one.value_minor, one.reward) for one in outcomes]


def test_a_thousand_returns_of_a_piece_take_no_more_than_a_few() -> None:
    """Neither with the session nor with the order; and each is told when it comes."""
    till = Counter(PIECES)
    till.serve(till.order(PIECES))
    taken, sizes = [], []
    for _ in range(PIECES):
        assert [("returned", 1, 250)] == [one[:3] for one in told(till.serve(till.back()).outcomes)]
        taken.append(till.impression.kept_bytes)
        sizes.append(deep_size(till.session, shared=[till.session.order_memory]))

    assert max(taken) < taken[RETURNS_MAX] + 60
    assert max(sizes) <= BYTES_MAX
    assert deep_size(till.shop.sessions[0].orders.get("o-7")) < BYTES_MAX
    assert PIECES == till.impression.returned("o-7", "butter")


def test_what_all_comes_back_piece_by_piece_was_never_bought() -> None:
    """To the last bit, on whichever partitions, with a restart on the way."""
    till, never = Counter(PIECES), Counter(PIECES)
    till.learn(0, till.order(PIECES))
    for number in range(PIECES):
        away = number % 3 == 0
        till.learn(int(away), till.back(1, till.office if away else None))
        if number in {10, 700}:
            till.restart()

    assert never.shop.policy.state() == till.shop.policy.state()
    assert 1 + 1 + 1 + 1 + 1 + RETURNS_MAX == len(till.impression.reached)


def test_who_answers_late_tells_the_latest_returns_as_at_once_and_no_other_wrongly() -> None:
    """Of the earlier ones nothing: not what others have added to them."""
    till = Counter(100)
    order = till.order(100)
    events = [order, *(till.back(1 + number % 2) for number in range(3 * RETURNS_MAX))]
    at_once, offsets = [], []
    for event in events:
        offsets.append(till.shop.position[0])
        at_once.append(told(till.serve(event).outcomes))
    for _ in range(2):
        late = [
            told(till.ask(event, offset).outcomes)
            for event, offset in zip(events, offsets, strict=True)
        ]
        assert at_once[0] == late[0]
        assert at_once[-RETURNS_MAX:] == late[-RETURNS_MAX:]
        assert [[]] * (2 * RETURNS_MAX) == late[1:-RETURNS_MAX]
        till.restart()


def test_no_event_is_taken_for_earlier_returns() -> None:
    """What is kept of any id is shorter."""
    assert len(EARLIER) > SHORT


def back_of(event_id: str, item_id: str = "a") -> Reached:
    """A piece of an item of one order came back."""
    return Reached("returned", event_id, NOON_MS, -0.125, item_id, 1, "o-1", 100, "EUR")


def test_one_event_that_returns_as_many_items_as_are_kept_is_kept_item_by_item() -> None:
    """None of them is an earlier return: there was none before."""
    whole = [back_of("e1", f"item-{number}") for number in range(RETURNS_MAX)]

    assert tuple(whole) == bounded(whole)


@pytest.mark.parametrize("number", [RETURNS_MAX + 1, 2 * RETURNS_MAX])
def test_one_event_that_returns_more_items_than_are_kept_is_a_fact_for_each_of_them(
    number: int,
) -> None:
    """It cannot be told late any more, not even in part; and all of it counts."""
    whole = [back_of("e1", f"item-{place}") for place in range(number)]

    assert tuple(fact._replace(event_id=EARLIER) for fact in whole) == bounded(whole)


def test_what_others_tell_is_no_earlier_return_of_ones_own() -> None:
    """It stays a fact of theirs, wherever it stands among so many of ours."""
    own = [back_of(f"e{number}") for number in range(RETURNS_MAX + 2)]
    away = back_of("", "a")
    for place in range(3):
        kept = bounded([*own[:place], away, *own[place:]])

        assert [away] == [fact for fact in kept if not fact.told]
        assert [EARLIER, *(f"e{number}" for number in range(2, RETURNS_MAX + 2))] == [
            fact.event_id for fact in kept if fact.told
        ]


def test_ids_of_any_length_take_as_much_as_short_ones_and_earlier_returns_stay_apart() -> None:
    """A storefront with ids of 128 characters fills no session by them."""
    shown = Reached("shown", "seen", NOON_MS)
    kept = [
        Impression(RECEIPT, [shown, back_of(event_id), back_of(EARLIER)])
        for event_id in ("e" * SHORT, "e" * 128)
    ]

    assert kept[0].kept_bytes == kept[1].kept_bytes
    assert [EARLIER] * 2 == [one.reached[-1].event_id for one in kept]
    assert all(len(one.reached[1].event_id) <= SHORT for one in kept)


@st.composite
def returns(draw: st.DrawFn) -> list[list[Reached]]:
    """Of items of two orders, and what else becomes of a prompt meanwhile; event by event."""
    events = [[Reached("shown", "e0", NOON_MS)]]
    for number in range(draw(st.integers(0, 2 * RETURNS_MAX))):
        order, items = (
            draw(st.sampled_from(["o-1", "o-2"])),
            draw(st.sampled_from(["a", "b", "ab"])),
        )
        stage: Any = draw(st.sampled_from(["returned", "returned", "returned", "added"]))
        worth = draw(st.sampled_from([100, 100, 100, None]))
        fact = Reached(stage, f"e{number + 1}", NOON_MS + number, -0.125, None)
        fact = fact._replace(quantity=draw(st.integers(1, 3)), order_id=order, value_minor=worth)
        events.append([fact._replace(item_id=item) for item in items])
    return events


@settings(max_examples=200)
@given(returns())
def test_step_by_step_comes_to_the_same_as_at_once(events: list[list[Reached]]) -> None:
    """So a checkpoint of before is read as what would be kept today; an event is whole or gone."""
    reached: tuple[Reached, ...] = ()
    for told_at_once in events:
        reached = joined(reached, told_at_once)
    facts = [fact for told_at_once in events for fact in told_at_once]
    backs = [fact for fact in facts if fact.stage == "returned"]
    kept = [fact for fact in reached if fact.stage == "returned"]

    assert reached == bounded(facts)
    assert bounded(reached) == reached
    assert [fact for fact in facts if fact.stage != "returned"] == [
        fact for fact in reached if fact.stage != "returned"
    ]
    single = [fact for fact in kept if fact.event_id != EARLIER]
    assert single == backs[len(backs) - len(single) :]
    assert min(len(backs), RETURNS_MAX - 1) <= len(single) <= RETURNS_MAX
    assert len(kept) <= len(single) + 4
    for told_at_once in events:
        still = [fact for fact in told_at_once if fact in reached]
        assert still in ([], told_at_once)
    for name in {fact.of for fact in backs}:
        before, after = ([one for one in many if one.of == name] for many in (backs, kept))
        assert sum(one.quantity for one in before) == sum(one.quantity for one in after)
        assert sum(one.reward for one in before) == sum(one.reward for one in after)
        assert max(one.at_ms for one in before) == max(one.at_ms for one in after)
        if all(one.value_minor is not None for one in before):
            priced, kept_of = ([one.value_minor or 0 for one in many] for many in (before, after))
            assert sum(priced) == sum(kept_of)


PARTS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["here", "elsewhere"]), st.booleans()),
    min_size=1,
    max_size=3 * RETURNS_MAX,
)


@settings(max_examples=60, deadline=None)
@given(PARTS, st.integers(0, 3 * RETURNS_MAX))
def test_an_order_that_comes_back_in_parts_earned_nothing(parts: Any, place: int) -> None:
    """In whichever parts, before the order and after it, here and elsewhere."""
    pieces = sum(part for part, *_ in parts)
    till, never = Counter(pieces), Counter(pieces)
    events: list[tuple[int, Event]] = [
        (int(where == "elsewhere"), till.back(part, till.story if own else till.office))
        for part, where, own in parts
    ]
    events.insert(min(place, len(events)), (0, till.order(pieces)))
    for partition, event in events:
        till.learn(partition, event)

    assert never.shop.policy.state() == till.shop.policy.state()
    told_here = [fact for fact in till.impression.reached if fact.told]
    assert sum(fact.stage == "returned" for fact in told_here) <= RETURNS_MAX + 1
