"""When something wrong with the topics is told, and when it ends a worker."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.clients.connection.topics.findings import PartitionSeen, TopicSeen, TopicsSeen
from streams.contract.errors import LogReplaced, TopicsWrong
from streams.contract.settings import Settings
from streams.worker.health.topics.watch import TopicWatch
from streams.worker.telemetry import Telemetry

SETTINGS = Settings(partitions=1)
EVENTS = SETTINGS.topics.events
WELL = {name: TopicSeen(1, 1, "one") for name in SETTINGS.topics.declared()}
LOG = PartitionSeen(begin=0, end=9, committed=9, position=9)


class Kafka:
    """What a look would see: one thing after the other, the last one again and again."""

    def __init__(self, *seen: TopicsSeen | KafkaConnectionError) -> None:
        self.seen: list[TopicsSeen | KafkaConnectionError] = list(seen)
        self.id: str | None = "one"

    async def look(self) -> TopicsSeen:
        """The next one."""
        seen = self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]
        if isinstance(seen, KafkaConnectionError):
            raise seen
        return seen

    async def events_id(self) -> str | None:
        """The id of the events topic."""
        if isinstance(self.seen[0], KafkaConnectionError):
            raise self.seen[0]
        return self.id

    async def close(self) -> None:
        """Nothing is open."""


def saw(partition: PartitionSeen = LOG, **changes: object) -> TopicsSeen:
    """A look at well topics, but for the events."""
    changed = WELL[EVENTS]._replace(**changes)  # type: ignore[arg-type]
    return TopicsSeen({**WELL, EVENTS: changed}, {0: partition})


def watch(*seen: TopicsSeen | KafkaConnectionError, waiting: Sequence[str] = ()) -> TopicWatch:
    """A watch over these."""
    return TopicWatch(
        SETTINGS,
        Kafka(*seen),
        Telemetry(),
        topics_there=asyncio.Event(),
        topic_id=lambda: "one",
        waiting=lambda: waiting,
    )


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (saw(topic_id="two"), LogReplaced),
        (saw(partitions=3), TopicsWrong),
        (saw(config={"message.timestamp.type": "CreateTime"}), TopicsWrong),
    ],
)
async def test_what_is_certain_is_told_at_once_and_ends_the_worker_at_the_next_look(
    wrong: TopicsSeen, error: type[Exception]
) -> None:
    """Who looks at its page in between reads why."""
    watched = watch(wrong)
    await watched.look()
    (told,) = watched.errors
    with pytest.raises(error, match="The worker ends") as ended:
        await watched.look()

    assert told in str(ended.value)


async def test_an_end_that_went_back_is_believed_at_the_second_look() -> None:
    """A new leader may tell one that is too low, for a moment."""
    back = saw(LOG._replace(end=8, committed=8))
    moment, lasting = watch(back, saw()), watch(back)
    await moment.look()
    await moment.look()
    await moment.look()
    await lasting.look()
    first = lasting.errors
    await lasting.look()
    (told,) = lasting.errors
    with pytest.raises(LogReplaced):
        await lasting.look()

    assert [] == moment.errors == first
    assert "ends at 8, and was folded up to 9" in told


async def test_ends_that_went_back_for_a_moment_each_on_another_partition_end_nobody() -> None:
    """A rolling restart of brokers: one partition after the other has a new leader."""
    back, well = LOG._replace(end=8, committed=8), saw()
    rolling = [well._replace(log={**dict.fromkeys(range(3), LOG), n: back}) for n in (0, 1, 2)]
    watched = watch(*rolling, well)
    for _ in range(4):
        await watched.look()

        assert [] == watched.errors


async def test_what_ends_nobody_is_told_until_it_is_mended() -> None:
    """And counted once, however long it lasts."""
    compacted = saw(config={"cleanup.policy": "compact"})
    watched = watch(*[compacted] * 5, saw())
    for _ in range(5):
        await watched.look()
    told = watched.errors
    await watched.look()

    assert 1 == len(told)
    assert [] == watched.errors
    assert {"compacted": 1} == watched._telemetry.topic_findings


async def test_a_warning_is_told_at_once_and_is_no_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It has a line of log when it comes, and one when it goes."""
    watched = watch(saw(LOG._replace(begin=9, committed=3)), saw())
    await watched.look()
    told, page = watched.warnings, watched.as_json()
    await watched.look()

    assert ["6 offsets"] == [said[:9] for said in told]
    assert ["commit_lost"] == [said["kind"] for said in page]
    assert [] == watched.errors == watched.warnings
    assert ["warning: 6 offsets", f"partition 0 of {EVENTS}"] == [
        line.getMessage()[: len(text)]
        for line, text in zip(
            caplog.records, ["warning: 6 offsets", f"partition 0 of {EVENTS}"], strict=True
        )
    ]


async def test_a_broker_that_is_away_changes_nothing_that_was_found() -> None:
    """Nor does it count as a look."""
    away = KafkaConnectionError("nobody there")
    watched = watch(saw(partitions=3), away, saw(partitions=3))
    await watched.look()
    with pytest.raises(KafkaConnectionError):
        await watched.look()

    assert 1 == len(watched.errors)


async def test_no_checkpoint_is_written_unless_it_is_the_log_that_was_folded() -> None:
    """Nor where nobody says which one it is."""
    watched, away = watch(saw()), watch(KafkaConnectionError("nobody there"))
    same = await watched.is_same_log()
    watched._look.id = "two"  # type: ignore[attr-defined]

    assert (True, False) == (same, await watched.is_same_log())
    assert not await away.is_same_log()


async def test_an_id_that_is_told_no_longer_stops_no_checkpoints_and_is_told_and_counted() -> None:
    """But a topic that is not there has no id either."""
    watched = watch(saw(topic_id=""))
    watched._look.id = ""  # type: ignore[attr-defined]
    await watched.look()
    untold = await watched.is_same_log()
    watched._look.id = None  # type: ignore[attr-defined]

    assert untold
    assert not await watched.is_same_log()
    assert {"untold_id": 1} == watched._telemetry.topic_findings
    assert "do not tell the id" in watched.warnings[0]


async def test_no_checkpoint_is_written_where_the_end_of_the_log_was_lost() -> None:
    """From the first look on, under the same id, until a look says otherwise."""
    back = saw(LOG._replace(end=8, committed=8))
    moment, lasting = watch(back, saw()), watch(back)
    said = []
    for _ in range(2):
        await moment.look()
        said.append(await moment.is_same_log())
        await lasting.look()
    with pytest.raises(LogReplaced):
        await lasting.look()

    assert [False, True] == said
    assert not await lasting.is_same_log()


def test_who_waits_for_a_word_says_so() -> None:
    """As a reason."""
    assert ["waiting: say it"] == watch(saw(), waiting=["waiting: say it"]).errors
