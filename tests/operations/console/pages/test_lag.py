"""The page of lag: what `goeswith lag` says, by partition."""

import re

from streams.operations.console.pages.lag import hot
from streams.operations.console.watching.lag import LagSeen
from streams.operations.console.watching.workers import WorkerSeen
from tests.operations.console.eyes import HOSTILE, Eyes, group, one, worker


async def page(eyes: Eyes) -> str:
    """The page, after a look."""
    eyes.look()
    async with eyes.client() as http:
        return (await http.get("/lag")).text


async def test_nothing_is_known_before_the_first_look(eyes: Eyes) -> None:
    """And the page is there."""
    async with eyes.client() as http:
        answer = await http.get("/lag")
        said = (await http.get("/api/lag")).json()

    assert 200 == answer.status_code
    assert "Kafka has not told yet" in answer.text
    assert {"at_s": None, "trouble": ""} == said


async def test_a_partition_is_a_row_with_its_figures(eyes: Eyes) -> None:
    """Events, seconds, status and owner; rates from the second look on."""
    eyes.lag = group(one(0, 12, lag_s=31.0), one(1))
    await page(eyes)
    eyes.now_s += 10
    eyes.lag = group(one(0, 12, lag_s=41.0)._replace(end=1_100, committed=1_088), one(1))
    said = await page(eyes)

    assert "12 events wait, the oldest for 41 s. 10 events/s arrive, 10 are answered" in said
    assert "worker-1" in said
    assert 'aria-label="events that waited: 0"' in said


async def test_a_group_that_never_committed_does_not_look_caught_up(eyes: Eyes) -> None:
    """Nor does a partition without an owner look owned."""
    eyes.lag = group(one(0, 12, owner=None)._replace(committed=None))
    said = await page(eyes)

    assert "no commit" in said
    assert "nobody" in said


async def test_who_answers_is_told_by_the_workers_where_the_broker_does_not(eyes: Eyes) -> None:
    """The embedded one has no groups to show; of two workers at a handover the first is named."""
    eyes.workers = worker(), worker("worker-2"), WorkerSeen("http://worker-3:6066", trouble="away")
    eyes.lag = group(one(1, owner=None), one(2, owner=None), members=None)
    said = await page(eyes)

    assert ["worker-1", "not told"] == re.findall(r'"word">(worker-\d|not told)<', said)


async def test_the_brokers_word_on_who_answers_goes_before_the_workers(eyes: Eyes) -> None:
    """A worker that has just lost a partition may not know it yet."""
    eyes.lag = group(one(0, owner=None), one(1, owner="worker-9"))
    said = await page(eyes)

    assert ["nobody", "worker-9"] == re.findall(r'"word">(worker-\d|nobody)<', said)


async def test_names_of_others_are_text(eyes: Eyes) -> None:
    """A member calls itself what it likes."""
    eyes.lag = group(one(0, owner=HOSTILE))._replace(group=HOSTILE, missing=(HOSTILE,))
    said = await page(eyes)

    assert "<script>alert" not in said
    assert "&lt;script&gt;alert" in said


async def test_a_part_is_what_changes_alone(eyes: Eyes) -> None:
    """What an open page asks for every two seconds."""
    eyes.look()
    async with eyes.client() as http:
        part = (await http.get("/lag", headers={"Goeswith-Part": "live"})).text
        whole = (await http.get("/lag")).text

    assert "<html" not in part
    assert part.strip() in whole


async def test_programs_get_what_the_command_prints(eyes: Eyes) -> None:
    """With the time of the look."""
    await page(eyes)
    async with eyes.client() as http:
        said = (await http.get("/api/lag")).json()

    assert {"group", "topic", "status", "partitions", "lag_events", "at_s"} <= said.keys()


def test_a_partition_is_hot_that_gets_far_more_than_its_share() -> None:
    """Of few partitions, or few events, none is."""
    rates = [2.0, 1.0, 1.0, 1.0, 45.0]
    parts = tuple(one(n)._replace(arrived_per_s=rate) for n, rate in enumerate(rates))

    assert parts[4] == hot(LagSeen(group(*parts), {}))
    assert hot(LagSeen(group(*parts[:4]), {})) is None
    assert hot(LagSeen(group(*parts[3:]), {})) is None
