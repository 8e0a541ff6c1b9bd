"""What may be declared, and what is refused before anything is sent."""

from typing import Any

import pytest

from streams.contract.errors import Misconfigured
from streams.contract.schemas.examples import NEW_YEAR_MS
from streams.contract.settings import Settings
from streams.experiments.declared.register import Register
from streams.experiments.questions.answer import EffectBounds, QuestionAnswer
from streams.experiments.questions.words import AnsweredQuestion, notes_of, question_json
from streams.shop.people.assignment import Experiment
from streams.storefront.reference.control_changes import change
from streams.storefront.reference.declaring.records import (
    concluded_record,
    declaration,
    declared_record,
    time_of,
)

HELD_OUT = Settings(holdout_share=0.05, experiment="spring")
WHO = "ann", "is it worth it?"
MINUTE_MS = 60_000
CHANGED = "share or salt is another one since: units of spring-2 are not counted"


def asks(settings: Settings = HELD_OUT, **more: Any) -> Any:
    """Whether prompts bring 5 % more orders, from new year on."""
    said: dict[str, Any] = {"metric": "orders", "least_percent": 5.0, "start_ms": NEW_YEAR_MS}
    return declaration(settings, **(said | more))


def test_a_declaration_names_the_holdout_of_the_settings() -> None:
    """By its id: another share or salt is another one."""
    ours = Experiment.of(HELD_OUT)
    assert ours is not None
    asked = asks(guardrails=["margin:2", "returned: 10"], currency="EUR")

    assert (ours.id, 0.05) == (asked.experiment, asked.least_effect)
    assert [("margin", 0.02), ("returned", 0.1)] == [
        (one.metric, one.loss_max) for one in asked.guardrails
    ]
    assert ("popular", "buy_again") == asks(metric="reward", arms="popular, buy_again").arms


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"settings": Settings(holdout_share=0.0)}, "nobody is held out"),
        ({"metric": "revenue"}, "--currency"),
        ({"guardrails": ["margin:2"]}, "--currency"),
        ({"guardrails": ["margin"]}, "METRIC:PERCENT"),
        ({"guardrails": ["happiness:2"]}, "cannot be asked"),
        ({"guardrails": ["orders:2"]}, "named twice"),
        ({"arms": "popular,nobody", "metric": "reward"}, "two of these"),
        ({"arms": "popular,buy_again"}, "by reward"),
        ({"metric": "reward"}, "by reward"),
        ({"arms": "popular,buy_again", "metric": "reward", "guardrails": ["items:2"]}, "guardrail"),
        ({"end_ms": NEW_YEAR_MS}, "ends before it begins"),
        ({"least_percent": 0.0}, "least_effect"),
    ],
)
def test_what_nobody_could_answer_is_refused(more: dict[str, Any], said: str) -> None:
    """With what to do."""
    with pytest.raises(Misconfigured, match=said):
        asks(**more)


def test_what_has_begun_is_not_declared_again_and_nothing_is_declared_afterwards() -> None:
    """Before the start it may be changed."""
    register, asked = Register(), asks(start_ms=NEW_YEAR_MS + 10 * MINUTE_MS)
    register.add(declared_record(register, "spring", asked, *WHO, NEW_YEAR_MS), NEW_YEAR_MS)
    declared_record(register, "spring", asked, *WHO, NEW_YEAR_MS + MINUTE_MS)

    with pytest.raises(Misconfigured, match="has begun"):
        declared_record(register, "spring", asked, *WHO, NEW_YEAR_MS + 10 * MINUTE_MS)
    with pytest.raises(Misconfigured, match="2026-01-01 00:00 UTC is past, and nothing"):
        declared_record(register, "summer", asks(), *WHO, NEW_YEAR_MS + 2 * MINUTE_MS)
    with pytest.raises(Misconfigured, match="no name"):
        declared_record(register, "Spring 2026", asked, *WHO, NEW_YEAR_MS)


def test_the_end_keeps_the_verdict_once() -> None:
    """With its figures; a second end is refused."""
    register, asked = Register(), asks()
    register.add(declared_record(register, "spring", asked, *WHO, NEW_YEAR_MS), NEW_YEAR_MS)
    one = register.find("spring")
    assert one is not None
    bounds = EffectBounds(0.5, 0.1, 0.04, 0.16)
    answer = QuestionAnswer("more", bounds, decided_ms=NEW_YEAR_MS, notes=(CHANGED,))
    told = AnsweredQuestion(one, answer, (), "running")
    record = concluded_record(told, *WHO, NEW_YEAR_MS + MINUTE_MS)
    register.add(record, NEW_YEAR_MS + MINUTE_MS)
    ended = register.find("spring")

    assert ended is not None
    assert ended.concluded is not None
    assert ended.concluded.answer["bounds"]["low"] == 0.04
    later = AnsweredQuestion.of(ended, QuestionAnswer("open", None), (), NEW_YEAR_MS)
    assert told.verdict == later.verdict
    assert CHANGED in notes_of(told)
    assert 1 == notes_of(later).count(CHANGED)
    assert CHANGED in question_json(later)["notes"]
    with pytest.raises(Misconfigured, match="has ended already"):
        concluded_record(later, *WHO, NEW_YEAR_MS + 2 * MINUTE_MS)


def test_a_declaration_is_set_by_no_other_door() -> None:
    """Neither by `control set`, nor by a form of controls."""
    with pytest.raises(Misconfigured, match="goeswith experiment"):
        change("experiments.spring.declared", {}, *WHO)


def test_what_is_no_time_is_refused() -> None:
    """With the form that is wanted."""
    with pytest.raises(Misconfigured, match="2026-12-01T08:00"):
        time_of("tomorrow", "--start")
