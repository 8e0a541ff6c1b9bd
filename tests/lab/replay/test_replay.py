"""Whole replays through the embedded broker and a worker of their own."""

import asyncio
import json
from collections import Counter

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from streams.cli.root import goeswith
from streams.contract.errors import WorkerFailed
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.replay.baskets import Basket, BasketLine
from streams.lab.replay.run import Report, apart, lifted, run, stage

SETTINGS = Settings(receipt_secret=SecretStr("not a secret"))


def shopping(*baskets: tuple[str, ...]) -> list[Basket]:
    """One basket a minute, by as many households as it takes."""
    made, first = [], 0
    for number, items in enumerate(baskets):
        lines = tuple(BasketLine(item, 1, 250) for item in items)
        at_ms = 1_483_272_000_000 + 60_000 * number
        made.append(Basket(f"basket-{number}", f"household-{number % 7}", at_ms, first, lines))
        first += len(items)
    return made


def replayed(baskets: list[Basket]) -> tuple[Report, Counter[str]]:
    """The report of a replay, and the stages that its prompts reached."""
    settings = apart(lifted(SETTINGS, "offered"))
    with stage(settings, embedded=True, own_worker=True) as (staged, check):
        report = run(
            staged,
            baskets,
            staples="offered",
            events_per_s=0,
            check=check,
            advance=lambda: None,
        )
        outcomes = asyncio.run(
            tape.play(staged.kafka_bootstrap, staged.topics.outcomes, staged.partitions)
        )
    return report, Counter(json.loads(record.value)["stage"] for record in outcomes)


def test_silence_is_an_answer_too() -> None:
    """Nothing is known of anything: the replay ends without a prompt, and without waiting."""
    report, _ = replayed(shopping(("bread", "butter")))
    summary = report.summary()

    assert (2, 2, 0) == (summary["events"], summary["examples"], summary["prompts"])
    assert 0.0 == summary["windows"]["first_60000"]["hit_rate"]


def test_what_is_offered_and_bought_is_a_hit_and_earns() -> None:
    """Four items are all there is: what is offered comes later, and the last add gets silence."""
    baskets = shopping(*[("bread", "butter", "jam", "milk")] * 60)
    report, stages = replayed(baskets)
    window = report.summary()["windows"]["first_60000"]

    assert 240 == report.events == window["examples"]
    assert 60 < report.prompts <= 180
    assert round(report.prompts / 240, 4) == window["hit_rate"]
    assert report.prompts == stages["shown"]
    assert stages["added"] > 0
    assert stages["bought"] > 0


def test_a_worker_that_ends_ends_the_replay() -> None:
    """Its error is the one that is said, however deep in tasks it is found."""

    def check() -> None:
        raise WorkerFailed("the worker ended with exit code 1: it said nothing")

    settings = apart(lifted(SETTINGS, "offered"))
    with (
        stage(settings, embedded=True, own_worker=False) as (staged, _),
        pytest.raises(WorkerFailed, match="exit code 1"),
    ):
        run(
            staged,
            shopping(("bread", "butter")),
            staples="offered",
            events_per_s=0,
            check=check,
            advance=lambda: None,
        )


def test_an_external_worker_needs_a_broker_that_both_can_see() -> None:
    """An embedded broker is new, so no worker can be there already."""
    done = CliRunner().invoke(goeswith, ["replay", "--worker", "external"])

    assert 2 == done.exit_code
    assert "--bootstrap" in done.output


@pytest.mark.parametrize("staples", ["withheld", "offered"])
def test_every_cap_is_lifted_and_staples_are_as_asked(staples: str) -> None:
    """Every add is an example: what would silence the worker is set aside, and only that."""
    settings = lifted(SETTINGS, staples)

    assert 0 == settings.holdout_share == settings.cool_down_s == settings.just_bought_s
    assert {"withheld": 100, "offered": 0}[staples] == settings.staples_withheld
    assert 3 == settings.prompt_items_max
