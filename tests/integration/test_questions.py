"""An experiment with a question, on a real Kafka: declared, answered, changed by nobody, ended."""

import time

import pytest

from streams.contract.published.outcomes import AnyOutcome
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from streams.shop.people.assignment import Experiment
from tests.experiments.uplift.records import EACH_MS, assigned, ordered
from tests.integration.operators import ByHand, Operator, send

WHY = ("--reason", "are prompts worth it?", "--author", "ann")


@pytest.fixture
def analyst(kafka: str, topic_prefix: str) -> Operator:
    """Of a shop that holds out a third of its visitors."""
    operator = Operator(
        Settings(
            kafka_bootstrap=kafka,
            topic_prefix=topic_prefix,
            group_id=topic_prefix,
            partitions=2,
            experiment="worth",
            holdout_share=0.3,
        )
    )
    create_topics(operator.settings)
    return operator


def happens(analyst: Operator, units: int, since_ms: int) -> None:
    """Who may get prompts orders every time, who is held out every second time."""
    experiment = Experiment.of(analyst.settings)
    assert experiment is not None
    records: list[AnyOutcome] = []
    for number in range(units):
        held, unit = experiment.draw(f"visitor-{number}")
        told = {"unit": unit, "experiment": experiment.id, "share": experiment.share}
        when = {"occurred_at_ms": since_ms + number * EACH_MS // 600}
        one = assigned(number, held, **told, **when)
        records.append(one)
        if not held or number % 2:
            records.append(ordered(one))
    said = [ByHand(one.session_id.encode(), one.to_json()) for one in records]
    send(analyst.settings, analyst.settings.topics.outcomes, said)


def test_a_question_is_declared_answered_and_ended(analyst: Operator) -> None:
    """What is asked stands; figures of `uplift` begin with it; the end keeps the verdict."""
    ask = ("experiment", "declare", "spring", "--metric", "orders", "--least-effect", "5")
    before_ms = int(time.time() * 1000) - 3_600_000
    happens(analyst, 100, before_ms)
    declared = analyst.asks(*ask, *WHY)
    assert declared["value"]["experiment"].startswith("worth-")
    assert "too early to say" in analyst.types("experiment", "show", "spring").stdout
    time.sleep(0.05)
    happens(analyst, 900, int(time.time() * 1000))
    told = analyst.asks("experiment", "show", "spring")

    assert "more" == told["decision"], told
    assert 800 == sum(told["sides"])
    assert told["start_ms"] <= told["decided_ms"]
    uplift = analyst.asks("uplift")
    assert told["sides"] == [uplift["held_out"], uplift["prompted"]]
    assert 100 == uplift["units_before"]
    again = analyst.types(*ask[:-1], "50", *WHY)
    assert 2 == again.exit_code
    assert "has begun" in again.output
    by_hand = analyst.types("control", "set", "experiments.spring.declared", "{}", *WHY)
    assert 2 == by_hand.exit_code

    analyst.types("control", "set", "policy.floor", "0.1", *WHY)
    ended = analyst.types("experiment", "end", "spring", "--reason", "enough", "--author", "bob")
    assert 0 == ended.exit_code, ended.output
    last = analyst.asks("experiment", "show", "spring")
    assert ("ended", told["verdict"]) == (last["state"], last["verdict"])
    assert ["policy.floor"] == [change["key"] for change in last["changes"]]
    assert "spring (ended" in analyst.types("experiment", "list").stdout
    trail = analyst.types("control", "history", "experiments.spring.ended").stdout
    assert "bob: enough" in trail
    assert "{}" == analyst.types("control", "export").stdout.strip() or (
        "experiments" not in analyst.types("control", "export").stdout
    )


def test_a_question_about_arms_needs_no_holdout(analyst: Operator) -> None:
    """And `arms --experiment` has the figures since."""
    pair = ("--arms", "bought_together,popular", "--metric", "reward", "--least-effect", "10")
    analyst.asks("experiment", "declare", "pair", *pair, *WHY)
    told = analyst.asks("experiment", "show", "pair")

    assert ("open", ["bought_together", "popular"]) == (
        told["decision"],
        told["declared"]["arms"],
    )
    assert 0 == analyst.types("arms", "--experiment", "pair").exit_code
    unknown = analyst.types("arms", "--experiment", "nobody")
    assert 2 == unknown.exit_code
    assert "there are: pair" in unknown.output
