"""What every client of a worker keeps to."""

import asyncio
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import CorruptRecordException, TopicAuthorizationFailedError

from streams.clients.async_kafka import (
    check_broker_time,
    check_session_timeout,
    configured,
    reading_options,
    translating_corruption,
    wrong_topics,
)
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.contract.errors import LogUnreadable, TopicsWrong
from streams.contract.settings import Settings

PAUSE_S = 0.02


class Client:
    """A client that answers at once, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def force_metadata_update(self) -> asyncio.Future[bool]:
        """Ask, and be answered."""
        self.asked.append(time.monotonic())
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        answer.set_result(True)
        return answer


async def test_the_first_question_is_asked_at_once() -> None:
    """Patience is for those who repeat themselves."""
    client = Client()
    limit_metadata_requests(client, PAUSE_S)
    before_s = time.monotonic()

    answered = await client.force_metadata_update()

    assert answered
    assert len(client.asked) == 1
    assert client.asked[0] - before_s < PAUSE_S


async def test_the_questions_of_a_start_are_asked_at_once() -> None:
    """Each part of a client has one; what comes after them waits its time."""
    client = Client()
    limit_metadata_requests(client, PAUSE_S, at_once=3)

    for _ in range(4):
        await client.force_metadata_update()

    assert client.asked[3] - client.asked[2] >= PAUSE_S


async def test_a_question_that_is_repeated_waits_its_time() -> None:
    """However fast the answers come."""
    client = Client()
    limit_metadata_requests(client, PAUSE_S, at_once=1)

    for _ in range(4):
        await client.force_metadata_update()

    pauses = [later - sooner for sooner, later in zip(client.asked, client.asked[1:], strict=False)]
    assert len(pauses) == 3
    assert min(pauses) >= PAUSE_S


async def test_all_who_wait_get_one_answer() -> None:
    """Nobody is starved by others who ask the same, again and again: in a pause in which all do."""
    client = Client()
    limit_metadata_requests(client, 50 * PAUSE_S, at_once=1)
    await client.force_metadata_update()

    answered = await asyncio.gather(*(client.force_metadata_update() for _ in range(50)))

    assert answered == [True] * 50
    assert len(client.asked) == 2


async def test_who_gives_up_waiting_takes_the_answer_from_nobody() -> None:
    """A cancelled question is not cancelled for the others."""
    client = Client()
    limit_metadata_requests(client, PAUSE_S, at_once=1)
    await client.force_metadata_update()
    impatient, patient = (asyncio.ensure_future(client.force_metadata_update()) for _ in range(2))
    impatient.cancel()

    assert await patient


def test_a_damaged_batch_ends_the_worker_with_where_it_is_and_what_to_do() -> None:
    """Nothing is passed over: another broker may have it whole."""
    with (
        pytest.raises(LogUnreadable, match=r"Invalid CRC - bread-3.*kafka-delete-records"),
        translating_corruption(),
    ):
        raise CorruptRecordException("Invalid CRC - bread-3")


def test_every_consumer_reads_what_is_committed() -> None:
    """And has no offsets of its own to commit."""
    options = reading_options(Settings())

    assert "read_committed" == options["isolation_level"]
    assert options["enable_auto_commit"] is False


def test_topics_that_are_missing_and_topics_of_other_partitions_are_told_apart() -> None:
    """What makes the one does not mend the other."""
    settings = Settings(partitions=4)
    ours = list(settings.topics.declared())
    said = wrong_topics(dict.fromkeys(ours[1:-1], 4) | {ours[-1]: 8}, settings)

    assert f"no topic {ours[0]}: `goeswith topics create`" in said
    assert f"partitions=4, but 8 in {ours[-1]}: see GOESWITH_PARTITIONS" in said
    assert "" == wrong_topics(dict.fromkeys(ours, 4), settings)


def test_a_topic_that_takes_its_senders_word_for_the_time_is_refused_with_what_mends_it() -> None:
    """By the very command, on the very brokers."""
    ours = Settings(kafka_bootstrap="kafka-1:9092", topic_prefix="shop")

    with pytest.raises(TopicsWrong) as refused:
        check_broker_time(ours, "CreateTime")
    assert (
        "kafka-configs.sh --bootstrap-server kafka-1:9092 --alter --topic shop.events "
        "--add-config message.timestamp.type=LogAppendTime"
    ) in str(refused.value)


@pytest.mark.parametrize(("version", "lines"), [("", 1), ("2.0", 0)])
def test_a_broker_that_does_not_tell_whose_time_it_is_is_believed(
    version: str, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, but of the embedded one, which never tells."""
    check_broker_time(Settings(kafka_api_version=version), None)

    assert lines == len([line for line in caplog.records if line.levelname == "WARNING"])


@pytest.mark.parametrize(("version", "lines"), [("", 1), ("2.0", 0)])
@pytest.mark.parametrize("bounds", [(None, "9"), ("9", None), (None, None)])
def test_a_broker_that_does_not_tell_its_bounds_is_believed_and_that_is_said(
    version: str,
    lines: int,
    bounds: tuple[str | None, str | None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Should it refuse us when we join, the log has told why nobody knew."""
    check_session_timeout(Settings(kafka_api_version=version, session_timeout_s=12.5), *bounds)

    said = [line.getMessage() for line in caplog.records if line.levelname == "WARNING"]
    assert lines == len(said)
    assert all("12.5 s is taken for granted" in line for line in said)


class Admin:
    """Tells how topics are configured, one answer for two of them, or will not tell."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble

    async def describe_configs(self, wanted: Sequence[ConfigResource]) -> list[Any]:
        """As aiokafka's does."""
        if self.trouble is not None:
            raise self.trouble
        entries = [("max.message.bytes", "512", False), ("cleanup.policy", "compact", False)]
        told = [(0, "", 2, one.name, entries) for one in wanted[:-1]]
        unknown = (3, "no such topic", 2, wanted[-1].name, [("max.message.bytes", None, False)])
        return [SimpleNamespace(resources=[*told, unknown])]


async def test_of_topics_what_is_wanted_is_told_each_by_its_name() -> None:
    """What has no value, and what nobody asked for, is not."""
    names, kind = ("bread", "butter", "jam"), ConfigResourceType.TOPIC
    wanted = [ConfigResource(kind, name, {"max.message.bytes": None}) for name in names]
    told = {"max.message.bytes": "512"}

    assert {"bread": told, "butter": told, "jam": {}} == await configured(Admin(), wanted)


@pytest.mark.parametrize("trouble", [TopicAuthorizationFailedError(), NotImplementedError()])
async def test_a_broker_that_does_not_tell_is_asked_no_further(trouble: Exception) -> None:
    """We may not ask, or it is embedded."""
    wanted = [ConfigResource(ConfigResourceType.TOPIC, "bread", {"max.message.bytes": None})]

    assert {} == await configured(Admin(trouble), wanted)
