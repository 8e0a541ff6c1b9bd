"""`goeswith guardrails` on the embedded broker, through an outage of it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

import pytest

from streams.clients.log_reader import open_reader
from streams.contract.published.outcomes import Outcome
from streams.contract.schemas.examples import SHOWN
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.worker_process import environment
from streams.storefront.reference.guardrails.first_sales import Sales
from streams.storefront.reference.guardrails.judged import Guardrails
from streams.storefront.reference.guardrails.watching import FirstsReader, Guard
from tests.integration.operators import ByHand, Operator, send

PATIENCE_S = 120.0
NAMED = ("guardrails", "--dismissals-max", "0.15")


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """One that may be taken down."""
    with EmbeddedBroker() as found:
        yield found


@pytest.fixture
def operator(broker: EmbeddedBroker, topic_prefix: str) -> Operator:
    """Of a shop with its topics."""
    settings = Settings(
        kafka_bootstrap=broker.bootstrap,
        kafka_api_version="2.0",
        kafka_timeout_s=2.0,
        topic_prefix=topic_prefix,
        partitions=2,
    )
    for name, topic in settings.topics.all().items():
        broker.create_topic(name, topic.partitions or 2)
    return Operator(settings)


def annoys(operator: Operator, arm: str, sessions: int = 60) -> None:
    """So many shoppers are shown a prompt of the arm, and all of them send it away."""
    told: list[Outcome] = []
    for number in range(sessions):
        one = {"prompt_id": f"{arm} {number}", "session_id": f"session {number}", "arm": arm}
        chances = {"propensity": 1.0, "propensities": {arm: 1.0}, "estimates": None}
        told += [
            SHOWN.model_copy(update=one | chances | {"stage": stage})
            for stage in ("shown", "dismissed")
        ]
    records = [ByHand(b"p", one.to_json()) for one in told]
    send(operator.settings, operator.settings.topics.outcomes, records)


def test_an_arm_is_stopped_and_people_have_the_last_word(operator: Operator) -> None:
    """A dry run stops nothing; whoever sets it on again is not overruled; the trail tells who."""
    annoys(operator, "popular")
    dry = operator.types(*NAMED, "--dry-run")
    said = operator.asks(*NAMED)
    again = operator.types(*NAMED)
    why = ("--author", "ann", "--reason", "we like it")
    operator.types("control", "set", "arms.popular.state", "on", *why)
    overruled = operator.types(*NAMED)
    operator.types("control", "set", "arms.popular.state", "shadow", *why)
    in_shadow = operator.types(*NAMED)

    assert "arms.popular.state would be off: sent away at 60 of 60 first impr" in dry.stdout
    assert ("arms.popular.state", "off", "guardrail") == (
        said["key"],
        said["value"],
        said["author"],
    )
    assert [("", 0)] * 3 == [(r.output, r.exit_code) for r in (again, overruled, in_shadow)]


def test_an_arm_that_turned_bad_today_is_stopped(operator: Operator) -> None:
    """Of 2,000 sessions in ten days few sent it away, of the last 300 most; with since when."""
    told = list[Outcome]()
    for number in range(2_300):
        at_ms = SHOWN.occurred_at_ms + number * 432_000
        one = {"prompt_id": f"p{number}", "session_id": f"s{number}", "arm": "popular"}
        chances = {"propensity": 1.0, "propensities": {"popular": 1.0}, "estimates": None}
        shown = SHOWN.model_copy(update=one | chances | {"occurred_at_ms": at_ms})
        told.append(shown)
        if number % 30 == 0 or (number > 2_000 and number % 5 < 3):
            told.append(shown.model_copy(update={"stage": "dismissed"}))
    records = [ByHand(b"p", one.to_json()) for one in told]
    send(operator.settings, operator.settings.topics.outcomes, records)
    said = operator.types(*NAMED)

    assert "arms.popular.state is off: sent away at " in said.stdout
    assert " first impressions since 20" in said.stdout


def test_an_arm_whose_sales_come_back_is_stopped_and_one_that_loses_money(
    operator: Operator,
) -> None:
    """Each by its own option, with its figures on the audit trail."""
    told, chances = list[Outcome](), {"popular": 0.5, "buy_again": 0.5}
    for number in range(1_600):
        arm = "popular" if number % 2 else "buy_again"
        one = {"prompt_id": f"p{number}", "session_id": f"s{number}", "arm": arm}
        drawn = {"propensity": 0.5, "propensities": chances, "estimates": None}
        reward = 0.5 if arm == "popular" else 0.0
        told.append(SHOWN.model_copy(update=one | drawn | {"reward": reward}))
        if arm == "popular" and number < 400:
            sale = {"order_id": f"o{number}", "item_id": "coat", "quantity": 1, "reward": 0.0}
            about = one | sale | {"propensities": None, "estimates": None}
            bought = SHOWN.model_copy(update=about | {"stage": "bought"})
            told += [bought, bought.model_copy(update={"stage": "returned"})]
    later = {"prompt_id": "later", "occurred_at_ms": SHOWN.occurred_at_ms + 3_600_000}
    told.append(SHOWN.model_copy(update=later | {"arm": "popular", "propensity": 0.5}))
    told[-1] = told[-1].model_copy(update={"propensities": chances, "estimates": None})
    records = [ByHand(b"p", one.to_json()) for one in told]
    send(operator.settings, operator.settings.topics.outcomes, records)
    in_money = Operator(operator.settings.model_copy(update={"reward": "net"}))

    returns = operator.types("guardrails", "--returns-max", "0.3")
    money = in_money.types("guardrails", "--margin-loss-max", "100")
    history = operator.types("control", "history", "--json").stdout

    assert "arms.popular.state is off: came back: 200 of 200 first sales (100.0%)" in returns.stdout
    assert "arms.buy_again.state is off: an impression earns " in money.stdout
    assert "minor units less than of popular" in money.stdout
    assert 2 == history.count('"author":"guardrail"')


def test_an_arm_that_no_control_stops_is_told(operator: Operator) -> None:
    """On standard error, and nothing is set: an arm of an earlier version, or of nobody."""
    annoys(operator, "retired")
    said = operator.types(*NAMED)

    assert (0, "") == (said.exit_code, said.stdout)
    assert "retired breaks a guardrail, and no control stops it: sent away" in said.stderr


def test_what_is_not_stopped_is_said_once(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often a dry run looks, and whatever breaks a guardrail that no control stops."""
    annoys(operator, "popular")
    annoys(operator, "retired")
    topic = operator.settings.topics.outcomes
    with open_reader(operator.settings, topic) as reader:
        log = FirstsReader(operator.settings, reader, None)
        guard = Guard(operator.settings, log, Guardrails(0.15), dry_run=True)
        said = [guard.look() for _ in range(3)]

    assert [True, False, False] == [bool(one) for one in said]
    assert 1 == capsys.readouterr().err.count("no control stops it")


def test_how_much_is_not_counted_is_said_when_it_has_doubled(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of sessions of which it is not known any more whose they are."""
    annoys(operator, "popular")
    with open_reader(operator.settings, operator.settings.topics.outcomes) as reader:
        log = FirstsReader(operator.settings, reader, None)
        log.firsts.sessions_max = 0
        log.firsts.assigned("forgotten", "ann", SHOWN.occurred_at_ms)
        guard = Guard(operator.settings, log, Guardrails(0.15))
        said = [guard.look() for _ in range(2)]

    assert ["", ""] == said
    assert "goeswith: 60 outcomes not counted: too many" in capsys.readouterr().err


def test_what_comes_back_weeks_later_counts_the_same_whenever_one_looks(operator: Operator) -> None:
    """Of two items of a prompt that is settled by then, the second sale's return first."""
    first = SHOWN.model_copy(update={"propensity": 1.0, "propensities": {SHOWN.arm: 1.0}})
    shown = first.model_copy(update={"estimates": None})
    later_ms = SHOWN.occurred_at_ms + 10**9
    later = shown.model_copy(update={"prompt_id": "later", "occurred_at_ms": later_ms})
    traded = [
        shown.model_copy(update={"stage": stage, "item_id": item, "order_id": "o-1", **told})
        for stage, told, items in (
            ("bought", {}, ("coat", "hat")),
            ("returned", {"occurred_at_ms": later_ms + 1}, ("hat", "coat")),
        )
        for item in items
    ]
    topic = operator.settings.topics.outcomes
    with open_reader(operator.settings, topic) as reader:
        watching = FirstsReader(operator.settings, reader, None)
        for told in ([shown, *traded[:2]], [later], traded[2:3], traded[3:]):
            send(operator.settings, topic, [ByHand(b"p", one.to_json()) for one in told])
            watching.catch_up()
        at_once = FirstsReader(operator.settings, reader, None)
        at_once.catch_up()

    assert {SHOWN.arm: Sales(1, 1)} == watching.sales.by_arm == at_once.sales.by_arm


def test_what_is_compared_with_has_to_be_an_arm(operator: Operator) -> None:
    """A slip of the pen is said, instead of watching nothing."""
    said = operator.types("guardrails", "--loss-max", "0.01", "--against", "populer")

    assert 0 != said.exit_code
    assert "--against populer: no such arm; there are" in f"{said.exception}{said.output}"


def test_watching_goes_on_when_the_broker_comes_back(
    operator: Operator, broker: EmbeddedBroker
) -> None:
    """What is wrong is said; what came later is judged; SIGTERM ends it."""
    annoys(operator, "popular")
    command = [sys.executable, "-m", "streams", *NAMED, "--watch", "--every", "1", "--json"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(operator.settings)},
    ) as process:
        bound = threading.Timer(PATIENCE_S, process.kill)
        bound.start()
        try:
            first = _next(process.stdout)
            broker.down()
            complaint = _next(process.stderr)
            broker.up()
            annoys(operator, "buy_again")
            second = _next(process.stdout)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            bound.cancel()

    assert ["arms.popular.state", "arms.buy_again.state"] == [
        json.loads(line)["key"] for line in (first, second)
    ]
    assert complaint.startswith("goeswith: ")
    assert complaint.endswith("; trying again\n")
    assert 128 + signal.SIGTERM == process.returncode


def _next(stream: IO[str] | None) -> str:
    assert stream is not None
    line = stream.readline()
    assert line, "it has ended"
    return line
