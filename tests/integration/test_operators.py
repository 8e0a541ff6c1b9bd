"""The operator's commands on a real Kafka, with records made by hand."""

import gc
import json
import logging
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin, translating_errors
from streams.contract.errors import KafkaUnreachable
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.contract.schemas.examples import (
    OUTCOME,
    PROMPT,
    PROMPT_WITHDRAWN,
    SHOWN,
    UNIT_OUTCOMES,
)
from streams.contract.settings import Settings
from streams.experiments.off_policy.target_policy import read_policy
from streams.lab.chaos.ground.apache_kafka import RealKafka
from streams.operations.lag.reading import read_lag
from streams.operations.topics import create_topics
from tests.integration.operators import ByHand, Operator, commit, create, send


@pytest.fixture
def operator(kafka: str, topic_prefix: str) -> Operator:
    """Of a shop without topics yet."""
    return Operator(
        Settings(
            kafka_bootstrap=kafka, topic_prefix=topic_prefix, group_id=topic_prefix, partitions=2
        )
    )


@pytest.fixture
def shop(operator: Operator) -> Operator:
    """Of a shop with its topics."""
    create_topics(operator.settings)
    return operator


def test_topics_are_created_once_and_then_left_alone(operator: Operator) -> None:
    """The second time nothing is created, and nothing is wrong."""
    declared = list(operator.settings.topics.all())

    assert 2 == operator.types("topics", "check").exit_code
    assert {"created": declared} == operator.asks("topics", "create")
    assert {"created": []} == operator.asks("topics", "create")
    assert {"as_declared": True, "configuration_seen": True, "findings": []} == operator.asks(
        "topics", "check"
    )


def test_topics_of_another_shape_are_said_and_not_touched(operator: Operator) -> None:
    """A changed number of partitions would tear sessions apart, so it is for people to decide."""
    events = operator.settings.topics.events
    create(operator.settings, events, 3, {"retention.ms": "60000", "segment.ms": "86400000"})
    created = operator.types("topics", "create")
    checked = operator.types("topics", "check")
    listed = {row["name"]: row["partitions"] for row in operator.asks("topics", "list")["topics"]}

    assert (2, 2) == (created.exit_code, checked.exit_code)
    assert f"{events} has 3 partitions, not 2" in checked.output
    assert f"{events} has retention.ms=60000" in checked.output
    assert "segment.ms" not in checked.output
    assert f"--topic {events} --add-config retention.ms=604800000" in checked.output
    assert checked.output.splitlines()[-1].endswith("4 wrong, see above")
    assert 3 == listed[events]
    assert 2 == listed[operator.settings.topics.prompts]


def test_lag_is_said_in_events_and_in_seconds(operator: Operator) -> None:
    """Seconds are the age of the event at the committed offset, here 60 and 500 seconds."""
    events, now_ms = operator.settings.topics.events, int(time.time() * 1000)
    create(operator.settings, events, 4, {})
    ages_s = {0: (900, 60, 30), 1: (40, 20), 2: (500, 400)}
    send(
        operator.settings,
        events,
        [
            ByHand(b"session-7", b"{}", partition, now_ms - age_s * 1000)
            for partition, ages in ages_s.items()
            for age_s in ages
        ],
    )
    commit(operator.settings, {0: 1, 1: 2})
    lag = operator.asks("lag")
    looked_s = time.time() - now_ms / 1000
    rows = [(row["end"], row["committed"], row["lag_events"]) for row in lag["partitions"]]
    seconds = [row["lag_s"] for row in lag["partitions"]]

    assert [(3, 1, 2), (2, 2, 0), (2, None, 2), (0, None, 0)] == rows
    assert 60 <= seconds[0] <= 60 + looked_s
    assert (0, 0) == (seconds[1], seconds[3])
    assert 500 <= seconds[2] <= 500 + looked_s
    assert (4, seconds[2]) == (lag["lag_events"], lag["lag_s_max"])
    assert ([None] * 4, []) == ([row["owner"] for row in lag["partitions"]], lag["members"])
    assert "no commit" in operator.types("lag").output
    assert "nobody" in operator.types("lag").output


def test_lag_of_a_shop_that_is_not_there_says_what_to_do(operator: Operator) -> None:
    """One line that names the topic and the command that makes it."""
    result = operator.types("lag")

    assert 2 == result.exit_code
    assert f"there is no topic {operator.settings.topics.events}" in result.output
    assert "goeswith topics create" in result.output


def test_a_version_that_kafka_python_does_not_know_is_said(operator: Operator) -> None:
    """It is a setting, so it is for the operator to change."""
    settings = operator.settings.model_copy(update={"kafka_api_version": "0.1"})

    assert 2 == Operator(settings).types("topics", "list").exit_code


def published(*said: Prompt | PromptWithdrawn) -> Iterable[ByHand]:
    """Records as a worker writes them."""
    return [ByHand(one.session_id.encode(), one.to_json()) for one in said]


def test_a_subscriber_sees_each_prompt_once(shop: Operator) -> None:
    """Workers publish at least once; what is no prompt is said on stderr, and passed over."""
    other = PROMPT.model_copy(update={"prompt_id": "prompt-8", "session_id": "session-8"})
    prompts = shop.settings.topics.prompts
    send(shop.settings, prompts, published(PROMPT, PROMPT, other, PROMPT_WITHDRAWN))
    send(shop.settings, prompts, [ByHand(b"session-9", b"not a prompt", 1)])
    send(shop.settings, prompts, published(PROMPT, PROMPT_WITHDRAWN, other.model_copy()))
    send(shop.settings, prompts, published(other.model_copy(update={"prompt_id": "prompt-9"})))
    seen = shop.types("subscribe", "--from-beginning", "--max", "4", "--json")
    said = [json.loads(line) for line in seen.stdout.splitlines()]

    assert [
        ("prompt", PROMPT.prompt_id),
        ("prompt", "prompt-8"),
        ("prompt_withdrawn", PROMPT.prompt_id),
        ("prompt", "prompt-9"),
    ] == [(one["type"], one["prompt_id"]) for one in said]
    assert 0 == seen.exit_code


def test_a_subscriber_may_follow_one_session(shop: Operator) -> None:
    """In lines for people."""
    other = PROMPT.model_copy(update={"prompt_id": "prompt-8", "session_id": "session-8"})
    send(shop.settings, shop.settings.topics.prompts, published(PROMPT, other, PROMPT_WITHDRAWN))
    seen = shop.types("subscribe", "--from-beginning", "--max", "2", "--session", PROMPT.session_id)

    assert [
        "00:00:01Z session-7 bought_together bread -> butter: Often bought together with bread",
        f"00:00:21Z session-7 withdrawn {PROMPT.prompt_id} because added",
    ] == seen.stdout.splitlines()


def test_the_board_of_arms_is_read_from_the_log(shop: Operator) -> None:
    """From outcomes alone, repeats and nonsense left out."""
    topics = shop.settings.topics
    popular = SHOWN.model_copy(update={"prompt_id": "prompt-8", "arm": "popular"})
    third = SHOWN.model_copy(update={"prompt_id": "prompt-9"})
    outcomes = [
        *(SHOWN, popular, third, SHOWN, popular, *UNIT_OUTCOMES),
        *(
            OUTCOME.model_copy(update={"stage": stage, "reward": reward})
            for stage, reward in (("clicked", 0.1), ("clicked", 0.1), ("added", 0.4))
        ),
    ]
    send(
        shop.settings,
        topics.outcomes,
        [ByHand(b"p", outcome.to_json(), 1) for outcome in outcomes] + [ByHand(b"p", b"{}")],
    )
    board = shop.asks("arms")
    best, other = board["arms"]

    assert ("bought_together", 2, 1, 1) == tuple(
        best[name] for name in ("arm", "shown", "clicked", "added")
    )
    assert (0.25, 1) == (best["reward_rate"], board["unreadable"])
    assert ("popular", 1, 0.0) == (other["arm"], other["shown"], other["reward_rate"])
    assert board == shop.asks("arms", "--since", "10")
    assert (3, []) == (board["evidence"]["pending"], board["evidence"]["arms"])
    assert [] == shop.asks("arms", "--since", "0")["arms"]
    assert "bought_together" in shop.types("arms").output


def test_what_prompts_and_policies_are_worth_is_read_from_the_log(
    shop: Operator, tmp_path: Path
) -> None:
    """From outcomes, or the numbers that forbid it; units go on from those that were kept."""
    topics = shop.settings.topics
    records = (OUTCOME, SHOWN, *UNIT_OUTCOMES, *UNIT_OUTCOMES)
    send(shop.settings, topics.outcomes, [ByHand(b"p", one.to_json()) for one in records])
    send(shop.settings, topics.outcomes, [ByHand(b"session-9", b"no outcome", 1)])
    policy = tmp_path / "popular.toml"
    policy.write_text("[default]\nbought_together = 1\n")
    kept = ("--keep", str(tmp_path / "units"))
    uplift, first, again = (
        shop.asks("uplift"),
        shop.asks("uplift", *kept),
        shop.asks("uplift", *kept),
    )
    words = ("off-policy", "--policy", str(policy), "--settle", "0")
    refused = shop.types(*words)

    assert (1, 1) == (uplift["held_out"] + uplift["prompted"], uplift["unreadable"])
    assert uplift == first == again | {"unreadable": 1}
    assert shop.types("uplift", "--experiment", "autumn").exit_code == 2
    assert 1 == refused.exit_code
    assert "1 decisions are worth 1.0 under the target policy" in refused.output


@pytest.fixture
def mortal_kafka(own_kafka: RealKafka, caplog: pytest.LogCaptureFixture) -> Iterator[RealKafka]:
    """A broker to be killed.

    kafka-python leaves the sockets of tries that fail to the garbage collector; what it logs of
    them would keep them for longer than the test.
    """
    caplog.set_level(logging.CRITICAL, "kafka")
    yield own_kafka
    gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_broker_that_dies_in_between_is_said_within_the_time_allowed(
    mortal_kafka: RealKafka, topic_prefix: str
) -> None:
    """Each client says so: none waits for as long as kafka-python would."""
    settings = Settings(
        kafka_bootstrap=mortal_kafka.bootstrap, topic_prefix=topic_prefix, kafka_timeout_s=2
    )
    create_topics(settings)
    events = settings.topics.events
    with ExitStack() as still_open:
        admin = still_open.enter_context(open_admin(settings))
        reader = still_open.enter_context(open_reader(settings, events))
        send(settings, events, [ByHand(b"session-7", b"{}")])
        ends = reader.ends()
        mortal_kafka.kill()
        questions: list[Callable[[], Any]] = [
            lambda: read_lag(settings, admin, reader),
            reader.ends,
            lambda: list(reader.between(dict.fromkeys(ends, 0), ends)),
            lambda: create_topics(settings),
        ]
        for question in questions:
            began_s = time.monotonic()
            with pytest.raises(KafkaUnreachable), translating_errors(settings):
                question()

            assert time.monotonic() - began_s < 3 * settings.kafka_timeout_s


def test_off_policy_writes_what_it_reads(shop: Operator, tmp_path: Path) -> None:
    """A policy to begin with, the command that judges it, and the outcomes for another day."""
    topic, policy, saved = shop.settings.topics.outcomes, tmp_path / "p.toml", tmp_path / "o.jsonl"
    chances = {"popular": 0.5, "buy_again": 0.5}
    shown = [
        SHOWN.model_copy(
            update={
                "prompt_id": f"prompt-{n}",
                "arm": ("popular", "buy_again")[n % 2],
                "propensities": chances,
                "estimates": None,
                "occurred_at_ms": SHOWN.occurred_at_ms + n * 60_000,
            }
        ).to_json()
        for n in range(600)
    ]
    records = [ByHand(b"s", value, n % 2) for n, value in enumerate([*shown, b"no outcome"])]
    send(shop.settings, topic, records)
    said = shop.types("off-policy", "--example", str(policy)).stdout
    command = shlex.split(said.partition("\n\n")[2].replace("\\\n", " "))
    judged = shop.asks(*command[command.index("off-policy") :], "--save", str(saved))
    words = ("off-policy", "--policy", str(policy), "--outcomes", str(saved))
    again = shop.asks(*words)

    assert chances == read_policy(policy).default
    assert (590, 1, 0) == (judged["n"], judged["unreadable"], again["unreadable"])
    assert sorted(shown) == sorted(saved.read_bytes().splitlines())
    assert judged | {"unreadable": 0} == again
