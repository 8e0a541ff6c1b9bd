"""The operator's commands on the embedded broker, which has no admin requests."""

import pytest

from streams.clients.log_reader import open_reader
from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import InvalidEvent
from streams.contract.schemas.examples import ASSIGNED, OUTCOME, PROMPT, SHOWN
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from tests.integration.operators import ByHand, Operator, send


@pytest.fixture
def operator(embedded_broker: EmbeddedBroker, topic_prefix: str) -> Operator:
    """Of a shop with its topics, which the broker makes itself."""
    settings = Settings(
        kafka_bootstrap=embedded_broker.bootstrap,
        kafka_api_version="2.0",
        topic_prefix=topic_prefix,
        group_id=topic_prefix,
        partitions=2,
    )
    for name, topic in settings.topics.all().items():
        embedded_broker.create_topic(name, topic.partitions or 2)
    return Operator(settings)


def test_topics_are_checked_as_far_as_the_broker_tells(operator: Operator) -> None:
    """It has partitions, and no configuration to show."""
    assert {"as_declared": True, "configuration_seen": False, "findings": []} == operator.asks(
        "topics", "check"
    )
    assert {"created": []} == operator.asks("topics", "create")


def test_topics_that_are_missing_cannot_be_created_there(operator: Operator) -> None:
    """One line says so."""
    elsewhere = Operator(operator.settings.model_copy(update={"topic_prefix": "nowhere"}))
    result = elsewhere.types("topics", "create")

    assert 1 == result.exit_code
    assert "this broker creates no topics" in result.output


def test_lag_subscriber_and_board_work_there_too(operator: Operator) -> None:
    """With the version of Kafka that it is told to have."""
    topics = operator.settings.topics
    send(operator.settings, topics.events, [ByHand(b"s", b"{}", p) for p in (0, 1, 1)])
    send(operator.settings, topics.prompts, [ByHand(b"s", PROMPT.to_json())] * 2)
    outcomes = [ByHand(b"p", one.to_json()) for one in (SHOWN, OUTCOME, ASSIGNED)]
    send(operator.settings, topics.outcomes, outcomes * 2)
    lag = operator.asks("lag")
    lines = operator.types("subscribe", "--from-beginning", "--max", "1").stdout.splitlines()
    board = operator.asks("arms", "--since", "5")["arms"]

    assert (3, [None, None]) == (
        lag["lag_events"],
        [row["committed"] for row in lag["partitions"]],
    )
    assert 1 == len(lines)
    assert [("bought_together", 1, 1)] == [(r["arm"], r["shown"], r["added"]) for r in board]


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_an_alarm_about_the_holdout_is_an_exit_code(
    operator: Operator, words: tuple[str, ...]
) -> None:
    """A job that nobody watches notices that somebody is prompted who should be held out."""
    held_out = ASSIGNED.model_copy(update={"holdout": True, "share": 0.999})
    topic = operator.settings.topics.outcomes
    send(operator.settings, topic, [ByHand(b"s", held_out.to_json())])
    before = operator.types("uplift", *words)
    send(operator.settings, topic, [ByHand(b"p", SHOWN.to_json())])
    after = operator.types("uplift", *words)

    assert (0, 1) == (before.exit_code, after.exit_code)
    assert 'held_out_shown_alarm": true' in after.stdout if words else "ALARM" in after.stdout


def test_an_alarm_about_arms_is_an_exit_code(operator: Operator) -> None:
    """Two hundred prompts of an arm that was to be drawn once in four times, and no other."""
    topics = operator.settings.topics
    drawn = {"propensity": 0.25, "propensities": {PROMPT.arm: 0.25, "popular": 0.75}}
    named = [{"prompt_id": f"prompt-{n}", "estimates": None} for n in range(200)]
    outcomes = [SHOWN.model_copy(update=drawn | name) for name in named]
    assert 0 == operator.types("arms", "--settle", "0").exit_code
    send(operator.settings, topics.outcomes, [ByHand(b"p", one.to_json()) for one in outcomes])
    found = operator.types("arms", "--settle", "0")

    assert (1, True) == (found.exit_code, "sample ratio ALARM" in " ".join(found.stdout.split()))


def test_dead_letters_go_back_there_too(operator: Operator) -> None:
    """Its producer is not idempotent, which changes nothing: events are told apart by their ids."""
    topics = operator.settings.topics
    headers = dead_letter_headers(
        topic=topics.events,
        partition=1,
        offset=0,
        timestamp_ms=1_000,
        error=InvalidEvent("invalid_json", "EOF while parsing"),
        original=[],
    )
    send(operator.settings, topics.dead_letters, [ByHand(b"s", b"{", headers=tuple(headers))])
    kept = operator.asks("dead-letters", "replay", "--all", "--yes")
    replayed = operator.asks("dead-letters", "replay", "--all", "--yes", "--anyway")
    with open_reader(operator.settings, topics.events) as reader:
        events = list(reader.between(reader.begins(), reader.ends()))

    assert ([], ["0:0"]) == (kept["replayed"], replayed["replayed"])
    assert [(b"s", b"{", 1)] == [(e.key, e.value, e.at.number) for e in events]
