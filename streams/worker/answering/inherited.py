"""Inherited prompts: those that whoever answered for a partition before has published.

A takeover forgets what is pending, but what is on screens lives on. So the worker that takes a
partition reads its latest prompts off their topic: those of one prompt's life, and of so many
records at most. It does that beside answering, which waits for nothing in here: what is read is
handed on by and by, some hundreds of records each time, and not kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.clients.async_kafka import reading_options, translating_corruption
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.settings import Settings
from streams.shop.decision.slots.incentives import read_offer
from streams.worker.answering.living_prompts import LIVING_MAX, LivingPrompt

INHERITED_MAX = 5_000
"""Records of a partition that are read at most, the latest."""
HANDED_MAX = 500
"""Records that are handed on each time: some milliseconds."""
INHERIT_S_MAX = 30.0
POLL_MS = 500


class Published(NamedTuple):
    """A record of the prompts topic."""

    partition: int
    key: bytes | None
    value: bytes | None


Take = Callable[[Sequence[Published]], object]
"""What is done with some records, in the order of their partitions."""
Inheriting = Callable[[Settings, Collection[int], int, Take], Awaitable[None]]
"""How prompts are looked up: see `inherited`."""


async def inherited(
    settings: Settings, partitions: Collection[int], now_ms: int, take: Take
) -> None:
    """Hand on what was published to these partitions within one prompt's life, oldest first.

    Raises `KafkaError`, `GoeswithError` or `TimeoutError` where that cannot be read, or not whole.
    """
    consumer = AIOKafkaConsumer(
        **reading_options(settings), max_poll_records=HANDED_MAX, fetch_max_wait_ms=POLL_MS // 10
    )
    limit_metadata_requests(consumer._client)  # noqa: SLF001
    places = [TopicPartition(settings.topics.prompts, number) for number in sorted(partitions)]
    try:
        with translating_refusals(settings), translating_corruption():
            async with asyncio.timeout(INHERIT_S_MAX):
                await consumer.start()
                consumer.assign(places)
                await hand_on_latest(consumer, places, settings, now_ms, take)
    finally:
        with heeding_our_cancellation():
            await consumer.stop()


def latest_max(partitions: int) -> int:
    """Records of each of so many partitions that are read: together no more than may live.

    >>> latest_max(1), latest_max(100)
    (5000, 1000)
    """
    return min(INHERITED_MAX, max(1, LIVING_MAX // max(1, partitions)))


async def hand_on_latest(
    consumer: Any, places: Sequence[Any], settings: Settings, now_ms: int, take: Take
) -> None:
    """The records of one prompt's life, up to where the topic ends now."""
    ends = await consumer.end_offsets(places)
    begins = await consumer.beginning_offsets(places)
    since: dict[Any, Any] = {}
    if not settings.fetch_wait_fixed:  # the embedded broker does not look for times
        after_ms = now_ms - round(1000 * settings.prompt_ttl_s)
        since = await consumer.offsets_for_times(dict.fromkeys(places, after_ms))
    for at in places:
        found = since.get(at)
        offset = max(begins[at], ends[at] - latest_max(len(places)), found.offset if found else 0)
        consumer.seek(at, ends[at] if since and found is None else offset)
    for at in places:
        while await consumer.position(at) < ends[at]:
            batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=HANDED_MAX)
            for where, batch in batches.items():
                take([Published(where.partition, one.key, one.value) for one in batch])
            await asyncio.sleep(0)


def said_by(record: Published, now_ms: int) -> LivingPrompt | str | None:
    """A prompt that lives now; the id of one that was withdrawn; None: neither, it is passed over.

    >>> from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
    >>> prompt, gone = (Published(0, b"s", one.to_json()) for one in (PROMPT, PROMPT_WITHDRAWN))
    >>> found = said_by(prompt, PROMPT.occurred_at_ms)
    >>> found.items, said_by(gone, PROMPT.occurred_at_ms) == found.prompt_id
    (('butter',), True)
    >>> said_by(prompt, PROMPT.expires_at_ms), said_by(Published(0, None, b"{}"), now_ms=0)
    (None, None)
    """
    try:
        said = orjson.loads(record.value or b"")
        if said["type"] == "prompt_withdrawn":
            return str(said["prompt_id"])
        if said["type"] == "prompt" and (until_ms := int(said["expires_at_ms"])) > now_ms:
            items = tuple(str(item["item_id"]) for item in said["items"])
            who, which = str(said["session_id"]), str(said["prompt_id"])
            told = LivingPrompt(which, who, record.partition, until_ms, items)
            return told._replace(arm=str(said["arm"]), offer=read_offer(said.get("offer")))
    except (ValueError, TypeError, KeyError):
        pass  # no prompt of ours: nobody shows it
    return None
