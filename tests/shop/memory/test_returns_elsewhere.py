"""A return on another partition than its order: what is told does not depend on who reads when."""

from collections.abc import Sequence
from typing import Any

from streams.contract.events import Event, OrderLine
from streams.contract.published.outcomes import AnyOutcome, Outcome
from streams.contract.settings import Settings
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.memory.session import Session
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import OPEN, Story

Told = tuple[int, Event]


class Reader:
    """A worker who reads partitions in an order of its own, and answers what it has folded."""

    def __init__(self, **settings: Any) -> None:
        self.shop = Shop(Settings(**{**OPEN, "together_min": 1, "partitions": 8, **settings}))
        self.places: list[tuple[int, int, Event]] = []

    def read(self, *told: Told) -> None:
        """Fold these events, each on its partition."""
        for partition, event in told:
            offset = self.shop.position.get(partition, 0)
            assert "folded" == self.shop.learn(partition, offset, event)
            self.places.append((partition, offset, event))

    def outcomes(self, event: Event) -> Sequence[AnyOutcome]:
        """What it says of an event, now."""
        for partition, offset, read in self.places:
            if read is event:
                answer = self.shop.answer(event, partition, offset, PendingPrompts())
                return (*answer.outcomes, *answer.unit_outcomes)
        raise AssertionError(event)

    def session(self) -> Session:
        """The session of the prompt."""
        found = self.shop.sessions[0].find("s1")
        assert found is not None
        return found


def seen(reader: Reader, *items: str, added: bool = True) -> Story:
    """A prompt of these items was seen, and four of each were added from it, on partition 0."""
    for number in range(9):
        past = Story(f"past-{number}")
        reader.read(*((0, past.add(item)) for item in ("bread", *items)))
    story = Story()
    asked = story.add("bread")
    reader.read((0, asked))
    prompt = reader.shop.answer(asked, 0, reader.shop.position[0] - 1, PendingPrompts()).prompt
    assert prompt is not None
    assert {*items} == {item.item_id for item in prompt.items}
    receipt = prompt.receipt
    reader.read((0, story.see(prompt)))
    if added:
        reader.read(*((0, story.add(item, quantity=4, receipt=receipt)) for item in items))
    return story


def line(item_id: str, quantity: int) -> tuple[OrderLine, ...]:
    """So many of one item."""
    return (OrderLine(item_id=item_id, quantity=quantity),)


def stages(outcomes: Sequence[AnyOutcome]) -> list[tuple[str, float]]:
    """The stages of prompts, and what they changed."""
    return [(one.stage, round(one.reward, 9)) for one in outcomes if isinstance(one, Outcome)]


def test_a_return_elsewhere_says_nothing_of_prompts_whichever_is_read_first() -> None:
    """Else it would be told twice, or by nobody: by the return here, and by the order there."""
    told, policies = [], []
    for order_first in (True, False):
        reader = Reader()
        story = seen(reader, "butter")
        order = story.order(lines=line("butter", 4), order_id="o-7")
        back = Story("office").cancel(order_id="o-7")
        pair = [(0, order), (1, back)]
        reader.read(*(pair if order_first else reversed(pair)))
        told.append([reader.outcomes(order), reader.outcomes(back)])
        policies.append(reader.shop.policy.state())

    assert told[0] == told[1]
    assert [("bought", 0.5)] == stages(told[0][0])
    assert ["unmatched"] == [one.type for one in told[0][1]]
    assert policies[0] == policies[1]


def test_a_return_elsewhere_changes_nothing_of_what_an_impression_says_it_earned() -> None:
    """It is what its own partition tells; the policy alone knows more."""
    reader = Reader()
    story = seen(reader, "butter")
    reader.read((0, story.order(lines=line("butter", 4), order_id="o-7")))
    (impression,) = reader.session().impressions.values()
    assert 1.0 == impression.reward
    reader.read((1, Story("office").cancel(order_id="o-7")))
    assert 1.0 == impression.reward

    reader.read((0, story.cancel(order_id="o-7")))
    assert 0.5 == impression.reward


def test_what_the_next_order_earns_is_told_without_what_came_back_elsewhere() -> None:
    """The best order counts: once the first has come back, it is the second, for the policy."""
    told, policies = [], []
    for place in (1, 2):
        reader = Reader()
        story = seen(reader, "butter", "jam")
        first = story.order(lines=line("butter", 4), order_id="o-7")
        then = story.order(lines=line("jam", 4), order_id="o-8")
        events: list[Told] = [(0, first), (0, then)]
        events.insert(place, (1, Story("office").cancel(order_id="o-7")))
        reader.read(*events)
        told.append([reader.outcomes(first), reader.outcomes(then)])
        policies.append(reader.shop.policy.state())

    assert told[0] == told[1]
    assert [("bought", 0.5), ("bought", 0.0)] == stages(told[0][0]) + stages(told[0][1])
    assert policies[0] == policies[1]


def test_each_side_takes_back_at_most_what_was_bought_and_both_no_more_than_that() -> None:
    """Three of four came back here and three elsewhere: of four, none was kept."""
    told, states = [], []
    for place in range(3):
        reader = Reader()
        story = seen(reader, "butter")
        order = story.order(lines=line("butter", 4), order_id="o-7")
        here = story.send_back(lines=line("butter", 3), order_id="o-7")
        events: list[Told] = [(0, order), (0, here)]
        elsewhere = Story("office").send_back(lines=line("butter", 3), order_id="o-7")
        events.insert(place, (1, elsewhere))
        reader.read(*events)
        told.append([reader.outcomes(order), reader.outcomes(here)])
        states.append([reader.shop.policy.state(), reader.shop.learned.popularity.state()])

    assert [told[0]] * 3 == told
    assert [("returned", -0.375)] == stages(told[0][1])
    assert [states[0]] * 3 == states


def test_an_add_that_its_order_has_overtaken_tells_what_came_back_here_alone() -> None:
    """One of four came back here, two elsewhere, all before the add is read."""
    told, policies = [], []
    for early in (True, False):
        reader = Reader()
        story = seen(reader, "butter", added=False)
        prompt = next(iter(reader.session().impressions.values()))
        token = reader.shop.receipts.seal(prompt.receipt)
        add = story.add("butter", quantity=4, receipt=token)
        order = story.order(lines=line("butter", 4), order_id="o-7")
        here = story.send_back(lines=line("butter", 1), order_id="o-7")
        away = (1, Story("office").send_back(lines=line("butter", 2), order_id="o-7"))
        reader.read((0, order), (0, here), *([away] if early else []), (0, add))
        reader.read(*([] if early else [away]))
        told.append([reader.outcomes(order), reader.outcomes(here), reader.outcomes(add)])
        policies.append(reader.shop.policy.state())

    assert told[0] == told[1]
    assert ["added", "bought", "returned"] == [stage for stage, _ in stages(told[0][2])]
    assert policies[0] == policies[1]


def test_what_was_told_elsewhere_is_kept_apart_in_a_checkpoint() -> None:
    """Restored, a return here takes back the same as without the restart."""
    reader = Reader()
    story = seen(reader, "butter")
    lines = (*line("butter", 4), *line("tea", 4))
    order = story.order(lines=lines, order_id="o-7")
    elsewhere = Story("office").send_back(lines=line("butter", 3), order_id="o-7")
    others = Story("office").send_back(lines=line("tea", 3), order_id="o-7", event_id="tea")
    here = story.send_back(lines=(*line("butter", 2), *line("tea", 1)), order_id="o-7")
    reader.read((0, order), (1, elsewhere), (1, others))
    again = Reader()
    restore(again.shop.parts(), reader.shop.state())
    reader.read((0, here))
    again.read((0, here))

    assert reader.shop.state() == again.shop.state()
    assert reader.outcomes(here) == again.outcomes(here)
    assert [("returned", -0.25)] == stages(again.outcomes(here))
    assert [] == again.shop.learned.popularity.recommend(
        ("butter",), 9, exclude={"bread", "butter"}
    )


def test_who_answers_a_return_late_knows_no_more_of_its_order() -> None:
    """The order was told after it: unmatched, as whoever answers at once has said."""
    reader, story = Reader(holdout_share=0.5), Story()
    back = story.send_back(lines=line("butter", 1), order_id="o-7")
    order = story.order(lines=line("butter", 1), order_id="o-7")
    then = story.send_back(lines=line("butter", 1), order_id="o-7")
    reader.read((0, story.view("bread")), (0, back))
    at_once = reader.outcomes(back)
    reader.read((0, order), (0, then))

    assert at_once == reader.outcomes(back)
    assert ["unmatched", "returned"] == [
        one.type for event in (back, then) for one in reader.outcomes(event)
    ]
