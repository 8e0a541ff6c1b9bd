"""What came back of an order, wherever that was told, comes off what its prompt has earned."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord
from streams.contract.events import OrderLine
from streams.contract.published.outcomes import AnyOutcome, Outcome, OutcomeLine, Unmatched
from streams.contract.schemas.examples import OUTCOME, SHOWN
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.arms import BoardReader
from streams.experiments.evidence.left_out import left_out
from streams.experiments.evidence.outcome_records import add_outcome
from streams.experiments.impressions import SWEEP_RECORDS, Trial, Trials
from streams.experiments.off_policy.off_policy import trials_of_log
from streams.experiments.open_prompts import RETURNS_OF_ORDER_MAX, ReturnsElsewhere
from streams.shop.memory.orders.reward.earnings import Worth, earnings
from tests.shop.memory.test_returns_elsewhere import Reader, seen
from tests.stories import NOON_MS, Story

OWN, BESIDE, ELSEWHERE = "own session", "same partition", "another partition"
LATER = Story("later", start_ms=NOON_MS + 3 * 86_400_000)
backs = st.tuples(
    st.sampled_from((OWN, BESIDE, ELSEWHERE)),
    st.booleans(),  # whether before the order
    st.none() | st.integers(1, 4),  # all of it, or so much of the butter
    st.sampled_from(("o-7", "o-8")),
)


def earned(told: Sequence[AnyOutcome]) -> float:
    """What the only trial of these outcomes comes to, whatever their order."""
    trials = Trials(settle_ms=2 * 86_400_000)
    for outcome in told:
        add_outcome(trials, outcome.to_json())
        add_outcome(trials, outcome.to_json())  # at least once
    add_outcome(trials, after(told).to_json())
    (trial,) = trials.settled()
    return trial.reward


def unmatched(
    order_id: str, event_id: str, lines: Mapping[str, int] | None = None, *, after_ms: int = 0
) -> Unmatched:
    """So many of these came back elsewhere; None: all of the order."""
    back = [OutcomeLine(item_id=item, quantity=-n) for item, n in (lines or {}).items()]
    return Unmatched(
        session_id="office",
        caused_by=event_id,
        occurred_at_ms=NOON_MS + after_ms,
        order_id=order_id,
        items=len(back),
        quantity=sum(line.quantity for line in back),
        lines=tuple(back),
    )


def told_of_order(
    quantity: int,
    order_id: str,
    *,
    prompt_id: str = "prompt",
    at_ms: int = 0,
    after_ms: int = 0,
) -> list[Outcome]:
    """A prompt was shown, jam was added, and so much of it ordered, after so long."""
    said: dict[str, Any] = {"prompt_id": prompt_id, "item_id": "jam"}
    said |= {"occurred_at_ms": NOON_MS + at_ms}
    shown = SHOWN.model_copy(update={**said, "item_id": None})
    added = OUTCOME.model_copy(update={**said, "stage": "added", "reward": 0.5})
    sold: dict[str, Any] = {"stage": "bought", "reward": 0.5, "quantity": quantity}
    sold |= {"occurred_at_ms": NOON_MS + at_ms + after_ms, "order_id": order_id}
    bought = OUTCOME.model_copy(update={**said, **sold, "caused_by": order_id})
    return [shown, added, bought]


def after(told: Sequence[AnyOutcome]) -> AnyOutcome:
    """Something that happened days later, by which all of that is settled."""
    clicked = next(one for one in told if getattr(one, "stage", "") == "shown")
    return clicked.model_copy(
        update={"prompt_id": "another", "occurred_at_ms": LATER.now_ms, "propensities": None}
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(backs, max_size=3), st.integers(1, 2), st.randoms(use_true_random=False))
def test_a_trial_earns_what_the_policy_has_learned(
    told: list[tuple[str, bool, int | None, str]], orders: int, dice: Random
) -> None:
    """Returns in any sessions, on either partition, before and after; records in any order.

    Of one order or of two: the best counts.
    """
    reader = Reader()
    story = seen(reader, "butter", "jam")
    office = {BESIDE: Story("office", start_ms=story.now_ms), OWN: story}
    office[ELSEWHERE] = Story("elsewhere", start_ms=story.now_ms)
    lines = tuple(OrderLine(item_id=item, quantity=4) for item in ("butter", "jam"))
    for before in (True, False):
        for where, first, quantity, order_id in told:
            if first is before:
                some = (OrderLine(item_id="butter", quantity=quantity or 1),)
                back = office[where].send_back(lines=some, order_id=order_id)
                back = back if quantity else back.model_copy(update={"lines": None})
                reader.read((int(where == ELSEWHERE), back))
        for order_id in ("o-7", "o-8")[: before * orders]:
            reader.read((0, story.order(lines=lines, order_id=order_id)))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]
    dice.shuffle(outcomes)

    (impression,) = reader.session().impressions.values()
    said = Settings()
    worth = Worth(said.reward_clicked, said.reward_added, said.reward_bought)
    assert sum(gain for _, gain in earnings(impression, worth)) == pytest.approx(earned(outcomes))


def test_a_return_that_the_prompt_tells_as_well_counts_once() -> None:
    """In another session of its partition: it is unmatched there, and the prompt tells it."""
    reader = Reader()
    story = seen(reader, "butter")
    line = (OrderLine(item_id="butter", quantity=4),)
    back = Story("office", start_ms=story.now_ms).send_back(
        lines=(OrderLine(item_id="butter", quantity=1),), order_id="o-7"
    )
    reader.read((0, story.order(lines=line, order_id="o-7")), (0, back))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]

    assert ["outcome", "unmatched"] == [one.type for one in reader.outcomes(back)]
    assert earned(outcomes) == pytest.approx(0.5 + 0.5 * 0.75)


def test_a_return_that_comes_too_late_takes_nothing_off() -> None:
    """A trial is what came within its time."""
    reader = Reader()
    story = seen(reader, "butter")
    order = story.order("butter", order_id="o-7")
    late = Story("elsewhere", start_ms=NOON_MS + 2 * 86_400_000 + 60_000).cancel(order_id="o-7")
    reader.read((0, order), (1, late))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]

    assert ["unmatched"] == [one.type for one in reader.outcomes(late)]
    for told in permutations(outcomes[-3:]):
        assert earned([*outcomes[:-3], *told]) == pytest.approx(1.0)


def test_of_too_many_orders_what_came_back_of_the_oldest_is_forgotten() -> None:
    """Whoever makes up numbers fills no memory."""
    returns = ReturnsElsewhere(lines_max=2)
    for number in range(3):
        returns.add(unmatched(f"o-{number}", f"e{number}"))

    assert (["o-1", "o-2"], 1) == (returns.orders, returns.forgotten)


def test_lines_count_for_what_is_held() -> None:
    """A return may have two thousand of them."""
    returns = ReturnsElsewhere(lines_max=100)
    returns.add(unmatched("o-1", "e1"))
    for number in (2, 3):
        returns.add(unmatched(f"o-{number}", "e", {f"item-{n}": 1 for n in range(99)}))

    assert (["o-3"], 2) == (returns.orders, returns.forgotten)

    returns.add(unmatched("o-4", "e"))

    assert (["o-3", "o-4"], 2) == (returns.orders, returns.forgotten)


def test_of_too_many_returns_of_one_order_those_that_come_later_are_forgotten() -> None:
    """Else one number, told a thousand times, would cost each prompt that sold it."""
    trials = Trials(settle_ms=2 * 86_400_000)
    many = [unmatched("o-7", f"e{number}", {"jam": 1}, after_ms=number) for number in range(1_000)]
    told = told_of_order(1_000, "o-7")
    for record in [*told, *many, many[0]]:
        add_outcome(trials, record.to_json())

    assert 0 == trials.counts["returns_forgotten"]
    add_outcome(trials, after(told).to_json())
    assert 1 == len(trials.settled())
    assert 1_000 - RETURNS_OF_ORDER_MAX == trials.counts["returns_forgotten"]
    assert ["968 returns forgotten: more than can be held, so rewards may be too high"] == left_out(
        trials
    )


def test_too_many_returns_of_an_order_that_no_prompt_had_are_not_missed() -> None:
    """No reward is the higher for them: forty came back of one order, piece by piece."""
    trials = Trials(settle_ms=2 * 86_400_000)
    told = told_of_order(4, "o-7")
    for record in told:
        add_outcome(trials, record.to_json())
    for number in range(40):
        add_outcome(trials, unmatched("o-1", f"e{number}", {"jam": 1}).to_json())
    add_outcome(trials, after(told).to_json())

    assert 1 == len(trials.settled())
    assert 0 == trials.counts["returns_forgotten"]
    assert [] == left_out(trials)


def test_ids_of_events_are_good_for_one_session() -> None:
    """One came back in its own session, three elsewhere by an event of the same id."""
    told = told_of_order(4, "o-7")
    back = told[-1].model_copy(
        update={"stage": "returned", "caused_by": "9", "reward": -0.125, "quantity": 1}
    )
    elsewhere = unmatched("o-7", "9", {"jam": 3}, after_ms=1)

    assert pytest.approx(0.5) == earned([*told, back, elsewhere])
    assert pytest.approx(0.5) == earned([elsewhere, back, *told])


@pytest.mark.parametrize("caused_by", ["9", "6 office9"])
def test_a_return_that_the_prompt_tells_is_known_by_its_event_as_it_was_and_is_named(
    caused_by: str,
) -> None:
    """Once by the event's id alone, which the prompt's session may have used as well."""
    shown, added, bought = told_of_order(4, "o-7")
    said = {"stage": "returned", "caused_by": caused_by, "reward": -0.125, "quantity": 1}
    told = bought.model_copy(update=said)
    back = unmatched("o-7", "9", {"jam": 1})
    other = unmatched("o-7", "9", {"jam": 1}).model_copy(update={"session_id": "another"})

    assert 0.875 == pytest.approx(earned([shown, added, bought, told, back]))
    if caused_by != "9":
        assert 0.75 == pytest.approx(earned([shown, added, bought, told, back, other]))


def test_what_was_cancelled_elsewhere_and_ordered_anew_has_been_earned() -> None:
    """As an order is edited: its own partition knows the first one standing."""
    reader = Reader()
    story = seen(reader, "butter")
    first = story.order("butter", order_id="o-7")
    then = story.order("butter", order_id="o-8")
    cancel = Story("office", start_ms=then.occurred_at_ms - 1).cancel(order_id="o-7")
    reader.read((0, first), (1, cancel), (0, then))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]
    (impression,) = reader.session().impressions.values()
    said = Settings()
    worth = Worth(said.reward_clicked, said.reward_added, said.reward_bought)

    assert ["unmatched"] == [one.type for one in reader.outcomes(cancel)]
    for told in permutations(outcomes[-3:]):
        assert pytest.approx(1.0) == earned([*outcomes[:-3], *told])
    assert pytest.approx(1.0) == sum(gain for _, gain in earnings(impression, worth))


def test_a_purchase_that_comes_too_late_has_nothing_to_give_back() -> None:
    """It was not counted in the first place."""
    late = told_of_order(1, "o-7", after_ms=3 * 86_400_000)
    later = late[0].model_copy(
        update={"prompt_id": "other", "occurred_at_ms": NOON_MS + 9 * 86_400_000}
    )
    for back_ms in (1, 4 * 86_400_000):
        trials = Trials(settle_ms=2 * 86_400_000)
        for one in (*late, unmatched("o-7", "e", after_ms=back_ms), later):
            add_outcome(trials, one.to_json())

        assert [0.5] == [trial.reward for trial in trials.settled()]


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whichever_partition_is_read_first_a_return_comes_off(dice: Random) -> None:
    """With sweeps in between; each partition in its own order."""
    trials, found = Trials(settle_ms=5_000), list[Trial]()
    logs: list[list[AnyOutcome]] = [[], []]
    for number in range(40):
        sold = told_of_order(1, f"o-{number}", prompt_id=f"{number}", at_ms=1_000 * number)
        logs[number % 2] += sold
        late_ms = 1_000 * number + 4_000
        logs[1 - number % 2].append(unmatched(f"o-{number}", "e", after_ms=late_ms))
    for log in logs:
        log.sort(key=lambda one: one.occurred_at_ms)
    last = told_of_order(1, "last", prompt_id="last", at_ms=10**9)
    while unread := [number for number, log in enumerate(logs) if log]:
        number = dice.choice(unread)
        for _ in range(dice.randrange(1, 30)):
            if logs[number]:
                add_outcome(trials, logs[number].pop(0).to_json(), number)
        found += trials.swept([number for number, log in enumerate(logs) if log])
    for one in last:
        add_outcome(trials, one.to_json())
    found += trials.settled()

    assert [pytest.approx(0.5)] * 40 == [trial.reward for trial in found]


def test_what_sold_nothing_waits_for_its_own_partition_alone() -> None:
    """Few prompts sell something: only these are held until other partitions are read."""
    trials = Trials(settle_ms=5_000)
    for number in range(30):
        sold = told_of_order(1, "o", prompt_id=f"{number}", at_ms=1_000 * number)
        for one in sold[: 2 + number % 2]:
            add_outcome(trials, one.to_json(), 0)
        swept = trials.swept([0, 1])

        assert {0.5} >= {trial.reward for trial in swept}
    trials.swept([0, 1])
    assert 15 + 2 == trials.pending
    trials.swept([0])
    assert 5 == trials.pending


class OneAfterTheOther(LogReader):
    """The outcomes topic, of two partitions: the second one is read when the first one has been."""

    def __init__(self, *records: list[bytes]) -> None:
        topic = Settings().topics.outcomes
        self.records = {Partition(topic, at): values for at, values in enumerate(records)}
        self.done = 0
        super().__init__(None, list(self.records), Settings())

    def begins(self) -> dict[Partition, int]:
        """From the start."""
        return dict.fromkeys(self.records, 0)

    def ends(self) -> dict[Partition, int]:
        """All there is."""
        return {at: len(values) for at, values in self.records.items()}

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """Partition by partition."""
        for at, values in self.records.items():
            self.done = at.number
            for offset in range(begins[at], ends[at]):
                yield RawRecord(at, offset, 0, None, values[offset], [])

    def unread(self) -> set[int]:
        """The one that is being read, and those after it."""
        return {at.number for at in self.records if at.number >= self.done}


def test_the_commands_wait_for_what_came_back_in_a_partition_that_is_read_later() -> None:
    """However long the first one is: it is swept several times before the second one begins."""
    sold = [one.to_json() for one in told_of_order(1, "o-7")]
    late_ms = {"occurred_at_ms": NOON_MS + 9 * 86_400_000}
    again = OUTCOME.model_copy(update={"prompt_id": "other", "stage": "clicked", **late_ms})
    many = [again.to_json()] * (3 * SWEEP_RECORDS)
    log = OneAfterTheOther([*sold, *many], [unmatched("o-7", "e").to_json()])
    board = BoardReader(Settings(), log, None)
    board.catch_up()
    found = trials_of_log(log, Trials())
    evidence = ArmEstimates(Settings().arm_floor)
    evidence.add(found)

    assert [0.5] == [trial.reward for trial in found]
    assert evidence.rows() == board.evidence.rows()
