"""The first page: one sentence, and what to do next."""

import re
from html import unescape

import pytest

from streams.operations.console.watching.checkpoints import CheckpointsSeen
from streams.operations.console.watching.workers import Readiness
from tests.experiments.uplift.records import assigned
from tests.operations.console.eyes import (
    HOSTILE,
    Eyes,
    checkpoint,
    group,
    one,
    shown,
    trial,
    worker,
)


async def sentence(eyes: Eyes) -> str:
    """What the page begins with."""
    eyes.look()
    async with eyes.client() as http:
        said = (await http.get("/api/start")).json()
        page = re.sub("</?code>", "`", (await http.get("/")).text)
        assert said["sentence"] in unescape(page)
    return f"{said['state']}: {said['sentence']}"


async def test_before_anything_is_read_nothing_is_said_to_be_well(eyes: Eyes) -> None:
    """Nor to be wrong."""
    async with eyes.client() as http:
        said = (await http.get("/api/start")).json()

    assert "unknown" == said["state"]


async def test_all_is_well(eyes: Eyes) -> None:
    """Who answers, and that nothing waits."""
    assert "well: All is well: 1 worker is there, nothing waits." == await sentence(eyes)


async def test_what_is_wrong_comes_before_what_may_be(eyes: Eyes) -> None:
    """A partition that stands still, before a dead letter; and what to do."""
    eyes.bury(b"{")
    eyes.lag = group(one(0), one(1, 9)._replace(begin=995))
    said = await sentence(eyes)

    assert said.startswith("bad: ")
    assert "Next: " in said
    assert "more thing" in said


async def test_no_worker_is_said(eyes: Eyes) -> None:
    """As long as the broker tells who is in the group."""
    eyes.lag = group(one(0), members=())
    assert "no worker is there. Next: start one" in await sentence(eyes)


async def test_redis_away_is_said_and_is_no_alarm(eyes: Eyes) -> None:
    """Prompts go on without it."""
    eyes.lag = group()._replace(missing=None)
    assert "Look at this soon: Redis does not answer" in await sentence(eyes)
    async with eyes.client() as http:
        assert "Redis does not answer" in (await http.get("/lag")).text


async def test_who_is_missing_is_named(eyes: Eyes) -> None:
    """As Redis saw them of late; what to do is told in the order of the handbook."""
    eyes.lag = group()._replace(missing=("worker-2",))
    said = await sentence(eyes)
    assert "missing, though seen of late: worker-2" in said
    assert "says why at its /readyz; one that does not answer is to be started again" in said


async def test_what_retention_is_about_to_take_is_said(eyes: Eyes) -> None:
    """What has waited for a moment only is under way."""
    for waits_s, word in ((3.0, "well"), (600.0, "bad")):
        eyes.lag = group(one(0, 900, lag_s=waits_s), one(1))
        assert (await sentence(eyes)).startswith(word)
        eyes.now_s += 1


async def test_a_worker_that_is_not_ready_says_why(eyes: Eyes) -> None:
    """Text of its page is text."""
    eyes.workers = (worker(readiness=Readiness(ready=False, reasons=(HOSTILE,))),)
    assert "worker-1 is not ready: <script>" in await sentence(eyes)
    async with eyes.client() as http:
        assert HOSTILE not in (await http.get("/")).text


async def test_arms_that_are_not_seen_as_often_as_drawn_are_said(eyes: Eyes) -> None:
    """Prompts get lost, then: no figure is to be trusted."""
    arms = ("popular", "buy_again")
    eyes.happen(*(shown(n, "popular", arms) for n in range(400)), *trial(2, dict.fromkeys(arms, 0)))
    assert "arms are not seen as often as they were drawn" in (await sentence(eyes)).lower()


async def test_a_split_that_is_not_as_planned_is_said(eyes: Eyes) -> None:
    """200 of 1,000 are held out, 5 % were to be."""
    eyes.happen(*(assigned(n, held=n % 5 == 0, share=0.05) for n in range(1_000)))
    assert "sample ratio ALARM" in await sentence(eyes)


@pytest.mark.parametrize(("age_s", "word"), [(100.0, "well"), (400.0, "warn")])
async def test_a_checkpoint_that_is_missing_is_said(eyes: Eyes, age_s: float, word: str) -> None:
    """One is due each minute; where nothing comes none is."""
    eyes.checkpoints = CheckpointsSeen("topic x", (checkpoint(age_s),), listed=True)
    assert (await sentence(eyes)).startswith("well")
    eyes.now_s += 10
    eyes.lag = group(one(0)._replace(end=2_000, committed=2_000), one(1))
    assert (await sentence(eyes)).startswith(word)


async def test_kafka_away_is_said_and_is_well_again_by_itself(eyes: Eyes) -> None:
    """What was known before stays on the page, with its time."""
    await sentence(eyes)
    eyes.away = True
    eyes.now_s += 30
    said = await sentence(eyes)
    async with eyes.client() as http:
        page = (await http.get("/lag")).text

    assert said.startswith("bad: Not well: lag is not known: no broker answered")
    assert "since 12:00:30 UTC; shown is what was there at 12:00:00 UTC" in page
    assert "goeswith.events" in page
    eyes.away = False
    assert (await sentence(eyes)).startswith("well")


async def test_a_source_that_hangs_is_said_without_an_error(eyes: Eyes) -> None:
    """A broker that takes its time raises nothing."""
    eyes.look()
    eyes.now_s += 20
    async with eyes.client() as http:
        assert "no answer since 12:00:00 UTC" in (await http.get("/")).text


@pytest.mark.parametrize("name", ["prompts", "outcomes", "letters", "workers", "checkpoints"])
async def test_what_cannot_be_read_is_not_said_to_be_well(eyes: Eyes, name: str) -> None:
    """Though lag is known, and nothing waits; nor what was read long ago."""
    assert (await sentence(eyes)).startswith("well")
    eyes.now_s += 200
    for source in eyes.sources[:7]:
        if source is not getattr(eyes.sources, name):
            source.look()
    async with eyes.client() as http:
        late = (await http.get("/api/start")).json()
    away = getattr(eyes.sources, name)
    away.reading = away.reading._replace(trouble="no broker answered", since_s=eyes.now_s)
    async with eyes.client() as http:
        said = (await http.get("/api/start")).json()

    assert ("warn", True) == (late["state"], "nothing is known for" in late["sentence"])
    assert "warn" == said["state"]
    assert f"{away.name} cannot be read: no broker answered" in said["sentence"]
