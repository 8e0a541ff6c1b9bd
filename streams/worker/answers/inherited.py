"""Inherited prompts: those that whoever answered for a partition before has published.

A takeover forgets what is pending, but what is on screens lives on. So the worker that takes a
partition reads its latest prompts off their topic: those of one prompt's life, and of so many
records at most. It does that beside answering, which waits for nothing in here.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.clients.async_kafka import reading_options, translating_corruption
from streams.clients.connection.async_security import translating_refusals
from streams.clients.connection.metadata_requests import limit_metadata_requests
from streams.clients.connection.stopping import heeding_our_cancellation
from streams.contract.settings import Settings
from streams.worker.answers.living_prompts import LivingPrompt

INHERITED_MAX = 5_000
"""Records of a partition that are read at most, the latest."""
INHERIT_S_MAX = 30.0
POLL_MS = 500


class Published(NamedTuple):
    """A record of the prompts topic."""

    partition: int
    key: bytes | None
    value: bytes | None


async def inherited(
    settings: Settings, partitions: Collection[int], now_ms: int
) -> list[LivingPrompt]:
    """The prompts of these partitions that live now, oldest first.

    Raises `KafkaError`, `GoeswithError` or `TimeoutError` where they cannot be read.
    """
    consumer = AIOKafkaConsumer(
        **reading_options(settings), max_poll_records=None, fetch_max_wait_ms=POLL_MS // 10
    )
    limit_metadata_requests(consumer._client)  # noqa: SLF001
    places = [TopicPartition(settings.topics.prompts, number) for number in sorted(partitions)]
    try:
        with translating_refusals(settings), translating_corruption():
            async with asyncio.timeout(INHERIT_S_MAX):
                await consumer.start()
                consumer.assign(places)
                records = await _latest(consumer, places, settings, now_ms)
    finally:
        with heeding_our_cancellation():
            await consumer.stop()
    return list(living(records, now_ms))


async def _latest(
    consumer: Any, places: list[Any], settings: Settings, now_ms: int
) -> list[Published]:
    """The records of one prompt's life, up to where the topic ends now."""
    ends = await consumer.end_offsets(places)
    begins = await consumer.beginning_offsets(places)
    since: dict[Any, Any] = {}
    if not settings.fetch_wait_fixed:  # the embedded broker does not look for times
        after_ms = now_ms - round(1000 * settings.prompt_ttl_s)
        since = await consumer.offsets_for_times(dict.fromkeys(places, after_ms))
    for at in places:
        found = since.get(at)
        offset = max(begins[at], ends[at] - INHERITED_MAX, found.offset if found else 0)
        consumer.seek(at, ends[at] if since and found is None else offset)
    records: list[Published] = []
    for at in places:
        while await consumer.position(at) < ends[at]:
            for where, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                records += (Published(where.partition, one.key, one.value) for one in batch)
            await asyncio.sleep(0)
    return records


def living(records: Iterable[Published], now_ms: int) -> Iterator[LivingPrompt]:
    """Those that have neither expired nor been taken back; what is no prompt is passed over.

    >>> from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
    >>> told = [Published(0, b"session-7", said.to_json()) for said in (PROMPT, PROMPT_WITHDRAWN)]
    >>> [prompt.items for prompt in living(told[:1], PROMPT.occurred_at_ms)]
    [('butter',)]
    >>> [*living(told, PROMPT.occurred_at_ms)], [*living(told[:1], PROMPT.expires_at_ms)]
    ([], [])
    """
    found: dict[str, LivingPrompt] = {}
    for partition, _, value in records:
        try:
            said = orjson.loads(value or b"")
            if said["type"] == "prompt_withdrawn":
                found.pop(said["prompt_id"], None)
            elif said["type"] == "prompt" and int(said["expires_at_ms"]) > now_ms:
                items = tuple(str(item["item_id"]) for item in said["items"])
                who, until_ms = str(said["session_id"]), int(said["expires_at_ms"])
                prompt = LivingPrompt(str(said["prompt_id"]), who, partition, until_ms, items)
                found.setdefault(prompt.prompt_id, prompt)
        except (ValueError, TypeError, KeyError):
            continue  # no prompt of ours: nobody shows it
    yield from found.values()
