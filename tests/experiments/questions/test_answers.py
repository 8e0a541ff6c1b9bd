"""Declared questions answered: by units and by arms, with what else has to be known."""

from dataclasses import replace
from typing import Any

import pytest

from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import Conclusion, Declaration
from streams.contract.schemas.examples import NEW_YEAR_MS, SHOWN
from streams.contract.settings import Settings
from streams.experiments.declared.register import Change, DeclaredExperiment, registered
from streams.experiments.impressions import Trial
from streams.experiments.questions.answer import QuestionAnswer
from streams.experiments.questions.kept import kept_answer
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.of_units import answer_of_units
from streams.experiments.questions.words import (
    AnsweredQuestion,
    notes_of,
    question_json,
    verdict,
)
from streams.experiments.uplift.command import Looked
from streams.experiments.uplift.kept_units import KeptUnits
from streams.storefront.reference.declaring.records import concluded_record
from tests.experiments.uplift.records import (
    EACH_MS,
    EXPERIMENT,
    assigned,
    folded,
    ordered,
    returned,
    shop,
    shown,
)

DAY_MS = 86_400_000
ARMS = ("bought_together", "popular")


def asks(**more: Any) -> DeclaredExperiment:
    """Whether prompts bring 5 % more orders, from new year on."""
    said = {"metric": "orders", "least_effect": 0.05, "start_ms": NEW_YEAR_MS}
    about = {} if "arms" in more else {"experiment": EXPERIMENT.id}
    asked = Declaration.model_validate(said | about | more)
    return DeclaredExperiment("spring", asked, "ann", "worth it?", NEW_YEAR_MS)


def answered(
    records: list[Any], one: DeclaredExperiment, begins_ms: int | None = None
) -> QuestionAnswer:
    """What follows from these records."""
    looked = Looked(KeptUnits(folded(records), {}, begins_ms), 0)
    return answer_of_units(one, looked, NEW_YEAR_MS + 30 * DAY_MS)


def alike(units: int) -> list[Any]:
    """A shop in which prompts change nothing: every second unit orders."""
    records: list[Any] = []
    for number in range(units):
        unit = assigned(number)
        records += [unit, ordered(unit)] if number % 2 else [unit]
    return records


def test_more_orders_are_a_yes_and_it_is_said_by_when_it_was_decided() -> None:
    """Before that time the bounds still had no effect in them, at it they had not."""
    records, one = shop(2_000), asks()
    answer = answered(records, one)

    assert "more" == answer.decision
    assert "yes, more orders a unit: +" in verdict(one, answer)
    assert answer.decided_ms is not None
    assert NEW_YEAR_MS < answer.decided_ms < NEW_YEAR_MS + 2_000 * EACH_MS
    then = [record for record in records if record.occurred_at_ms <= answer.decided_ms]
    early = [r for r in records if r.occurred_at_ms <= NEW_YEAR_MS + 40 * EACH_MS]
    assert "more" == answered(then, one).decision
    assert "open" == answered(early, one).decision


def test_where_prompts_change_nothing_the_least_effect_is_excluded_in_time() -> None:
    """Which is an answer: no."""
    one = asks(least_effect=0.5)
    answer = answered(alike(3_000), one)

    assert "smaller" == answer.decision
    assert verdict(one, answer).startswith("no: ")
    assert "excludes the 50 % that matter" in verdict(one, answer)
    assert "open" == answered(alike(3_000), asks(least_effect=0.01)).decision


def test_units_of_before_the_start_and_after_the_end_are_left_out() -> None:
    """Also those that come back after it: who does may do so because of a prompt."""
    start_ms = NEW_YEAR_MS + 100 * EACH_MS
    back = assigned(0, session_id="again", occurred_at_ms=start_ms + 1)
    one = asks(start_ms=start_ms, end_ms=NEW_YEAR_MS + 300 * EACH_MS)
    answer = answered([*shop(1_000), back], one)

    assert 200 == sum(answer.sides)


def test_guardrails_are_kept_broken_or_open() -> None:
    """Each by bounds that share the error: returns here are on one side alone."""
    records = shop(1_500)
    records += [
        returned(record, bread=1)
        for record in list(records)
        if record.type == "ordered" and not record.holdout
    ]
    rails = [
        {"metric": "returned", "loss_max": 0.1},
        {"metric": "items", "loss_max": 0.1},
        {"metric": "revenue", "loss_max": 0.0001},
    ]
    answer = answered(records, asks(guardrails=rails, currency="EUR"))

    assert ["broken", "kept"] == [seen.state for seen in answer.guardrails][:2]
    few = answered(shop(70), asks(guardrails=rails[1:2]))
    assert ["open"] == [seen.state for seen in few.guardrails]


def test_guardrails_share_their_error() -> None:
    """Of several each has wider bounds than one alone."""
    rails = [{"metric": name, "loss_max": 0.1} for name in ("items", "revenue", "margin")]
    alone, among = (
        answered(shop(600), asks(guardrails=some, currency="EUR")).guardrails[0].bounds
        for some in (rails[:1], rails)
    )

    assert alone is not None
    assert among is not None
    assert among.low < alone.low < alone.high < among.high


def test_nothing_follows_where_the_split_is_wrong_or_the_start_is_gone() -> None:
    """Whatever the figures."""
    one = asks()
    wrong = [assigned(n, held=n % 2 == 0) for n in range(800)]
    seen = [*shop(400), *(shown(assigned(n)) for n in range(400))]

    assert "sample ratio" in verdict(one, answered(wrong, one))
    assert "were shown prompts" in verdict(one, answered(seen, one))
    gone = answered(shop(800), one, begins_ms=NEW_YEAR_MS + 1)
    assert ("refused", None) == (gone.decision, gone.decided_ms)
    assert "refused" == answered(shop(800), one, begins_ms=NEW_YEAR_MS - DAY_MS + 1).decision
    assert "more" == answered(shop(800), one, begins_ms=NEW_YEAR_MS - DAY_MS).decision


def test_another_share_or_salt_since_is_said() -> None:
    """Its units are of another draw."""
    other = replace(EXPERIMENT, share=0.5)
    late = assigned(5, experiment=other.id, share=0.5, occurred_at_ms=NEW_YEAR_MS + DAY_MS)
    answer = answered([*shop(200), late], asks())

    assert [f"units of {other.id} are not counted" in note for note in answer.notes] == [True]
    assert "nobody has been assigned" in answered([late], asks()).why


def trials(number: int, rates: dict[str, float], start_s: float = 1_767_225_600.0) -> list[Trial]:
    """Impressions in turn, one a second."""
    both = dict.fromkeys(ARMS, 0.5)
    found = []
    for n in range(number):
        arm = ARMS[n % 2]
        reward = float(n // 2 % 10 < round(10 * rates[arm]))
        found.append(Trial(arm, "", both, dict.fromkeys(ARMS, 0.3), reward, start_s + n))
    return found


def read_on(question: ArmsQuestion) -> ArmsQuestion:
    """The log tells that much later somebody was shown something else."""
    late = NEW_YEAR_MS + 9 * DAY_MS
    question.see(SHOWN.model_copy(update={"occurred_at_ms": late}), 0)
    return question


def test_arms_are_asked_about_by_pair_from_the_start_to_the_end() -> None:
    """With when it was decided."""
    asked = asks(arms=list(ARMS), metric="reward", end_ms=NEW_YEAR_MS + 5_000_000)
    question = ArmsQuestion(asked, Settings())
    question.add(trials(500, {"bought_together": 0.0, "popular": 1.0}, 1_767_225_000.0))
    question.add(trials(4_000, {"bought_together": 0.5, "popular": 0.2}))
    question.add(trials(900, {"bought_together": 0.0, "popular": 1.0}, 1_767_235_600.0))
    answer = read_on(question).answer()

    assert ("more", 4_000) == (answer.decision, answer.sides[0])
    assert answer.decided_ms is not None
    assert NEW_YEAR_MS < answer.decided_ms < NEW_YEAR_MS + 4_000_000
    early = ArmsQuestion(asked, Settings())
    early.add(trials(60, {"bought_together": 0.5, "popular": 0.2}))
    assert ("open", None) == (early.answer().decision, early.answer().decided_ms)


def test_what_an_arm_earns_where_it_is_alone_is_no_part_of_the_comparison() -> None:
    """Where both are on offer the first earns three times as much, whatever is sold elsewhere."""
    asked = asks(arms=list(ARMS), metric="reward", least_effect=0.5)
    told = trials(20_000, {"bought_together": 0.6, "popular": 0.2})
    alone = [
        one._replace(arm="popular", propensities={"popular": 1.0}, estimates={}, reward=0.9)
        for one in told
    ]
    question, beside = ArmsQuestion(asked, Settings()), ArmsQuestion(asked, Settings())
    question.add(told)
    beside.add([*told, *alone])
    bounds, same = question.answer().bounds, beside.answer().bounds

    assert bounds is not None
    assert pytest.approx(bounds) == same
    assert pytest.approx(0.2, abs=0.01) == bounds.control
    assert "+200 %" in verdict(asked, beside.answer())
    assert 20_000 == beside.answer().sides[0]


@pytest.mark.parametrize("batch", [1, 37, 4_000])
def test_an_answer_about_arms_is_the_same_however_it_was_read(batch: int) -> None:
    """In one go or bit by bit: the decision, its bounds, and by when it was decided."""
    asked = asks(arms=list(ARMS), metric="reward")
    told = trials(4_000, {"bought_together": 0.5, "popular": 0.2})
    whole, parts = ArmsQuestion(asked, Settings()), ArmsQuestion(asked, Settings())
    whole.add(told)
    for begin in range(0, len(told), batch):
        parts.add(told[begin : begin + batch])
    one, other = read_on(whole).answer(), read_on(parts).answer()

    assert one.decision == other.decision
    assert one.bounds is not None
    assert other.bounds is not None
    assert pytest.approx(one.bounds) == other.bounds
    assert one.decided_ms == other.decided_ms is not None


def test_what_was_changed_is_told_beside_the_verdict() -> None:
    """Controls, and attempts to ask something else."""
    change = Change(NEW_YEAR_MS + 1, "arms.popular.state", "off", "bob", "dear")
    one = asks()._replace(attempts=(change,))
    asked = AnsweredQuestion(one, answered(shop(400), one), (change,), "running")
    said = "\n".join(notes_of(asked))

    assert "1 attempt to change the question after its start" in said
    assert "1 change of controls since: arms.popular.state = off by bob" in said
    assert "decided by 2026-01-01" in said
    values = question_json(asked)
    assert ("more", [change._asdict()]) == (values["decision"], values["changes"])


@pytest.mark.parametrize(
    ("late_ms", "told"), [(0, False), (300, False), (60_000, False), (60_001, True)]
)
def test_a_declaration_is_told_to_be_late_by_more_than_clocks_differ(
    late_ms: int, told: bool
) -> None:
    """Where no start was named the asker's clock is it, and the broker gets it a moment later."""
    one = asks()._replace(declared_ms=NEW_YEAR_MS + late_ms)
    notes = notes_of(AnsweredQuestion(one, QuestionAnswer("open", None), (), "running"))

    assert told == any("declared after the start that it names" in note for note in notes)


def test_who_was_assigned_before_the_log_begins_is_no_new_unit() -> None:
    """All of them are of before the declaration; of a half of it, they come back as new ones."""
    start_ms = NEW_YEAR_MS + 60 * DAY_MS
    before = [assigned(n) for n in range(800)]
    back = [
        assigned(n, session_id=f"again-{n}", occurred_at_ms=start_ms + n * EACH_MS)
        for n in range(800)
    ]
    one = asks(start_ms=start_ms)
    whole, half = answered([*before, *back], one), answered(back, one, begins_ms=start_ms - 1)

    assert ((0, 0), "open") == (whole.sides, whole.decision)
    assert "refused" == half.decision


def test_what_was_ended_is_told_as_it_was_kept() -> None:
    """Whatever comes in later, and whatever the log forgets."""
    one = asks(guardrails=[{"metric": "items", "loss_max": 0.5}])
    asked = AnsweredQuestion.of(one, answered(shop(2_000), one), (), NEW_YEAR_MS + DAY_MS)
    record = concluded_record(asked, "ann", "enough", NEW_YEAR_MS + DAY_MS)
    ended = registered(
        [
            (said(one), NEW_YEAR_MS),
            (ControlRecord.model_validate_json(record.model_dump_json()), NEW_YEAR_MS + DAY_MS),
        ]
    ).find("spring")
    assert ended is not None
    later = AnsweredQuestion.of(
        ended, QuestionAnswer("refused", None), (), NEW_YEAR_MS + 9 * DAY_MS
    )

    kept, now = question_json(asked), question_json(later)
    for name in ("verdict", "decision", "decided_ms", "bounds", "sides", "guardrails"):
        assert kept[name] == now[name], name
    assert asked.answer.guardrails == later.answer.guardrails


def said(one: DeclaredExperiment) -> ControlRecord:
    """The record of a declaration."""
    return ControlRecord(
        key=f"experiments.{one.name}.declared",
        value=one.asked.model_dump(mode="json"),
        author=one.author,
        reason=one.reason,
        at_ms=NEW_YEAR_MS,
    )


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"sides": "many", "bounds": [1], "guardrails": {"metric": "items"}, "decided_ms": "then"},
        {"bounds": {"control": "x"}, "guardrails": [1, {"metric": "items", "state": "fine"}]},
    ],
    ids=["nothing", "of other kinds", "in part"],
)
def test_an_end_that_somebody_wrote_by_hand_is_read_as_far_as_it_can_be(
    answer: dict[str, Any],
) -> None:
    """Its verdict stands; its figures are none."""
    kept = kept_answer(Conclusion(verdict="yes", decision="perhaps", answer=answer))

    assert ("open", None, (0, 0), ()) == (
        *(kept.decision, kept.bounds, kept.sides, kept.guardrails),
    )
    assert kept.decided_ms is None
