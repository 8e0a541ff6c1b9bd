"""Reads how far a group is behind: committed offsets, where the log ends, and what waits there."""

import time
from collections.abc import Iterable
from typing import Any

from streams.clients.log_reader import (
    GroupMember,
    LogReader,
    committed_offsets,
    group_members,
    high_watermarks,
)
from streams.contract.errors import RedisUnreachable
from streams.contract.settings import Settings
from streams.operations.lag.figures import GroupLag, partition_lag, waits_from


def read_lag(settings: Settings, admin: Any, reader: LogReader, topic: str = "") -> GroupLag:
    """The lag of the settings' group now, on the topic that is read; that of the events is ours."""
    topic = topic or settings.topics.events
    committed = committed_offsets(settings, admin, reader.partitions)
    marks = high_watermarks(settings, admin, reader.partitions)
    begins, ends = reader.begins(), reader.ends()
    waiting = {
        at: first
        for at in reader.partitions
        if (first := waits_from(committed[at], begins[at])) < ends[at]
    }
    times_ms = reader.first_times_ms(waiting, ends) if waiting else {}
    firsts = begins | {at: ends[at] for at, time_ms in times_ms.items() if time_ms is None}
    members = group_members(settings, admin, topic)
    now_ms = int(time.time() * 1000)
    return GroupLag(
        settings.group_id,
        topic,
        tuple(
            partition_lag(
                at.number,
                committed=committed[at],
                begin=firsts[at],
                end=ends[at],
                waiting_since_ms=_known(times_ms.get(at)),
                now_ms=now_ms,
                high_watermark=marks.get(at, 0),
                owner=_owner(members, at.number),
                log_begin=begins[at],
            )
            for at in reader.partitions
        ),
        members,
        _missing(settings, members) if topic == settings.topics.events else (),
    )


def _owner(members: Iterable[GroupMember] | None, partition: int) -> str | None:
    return next((one.name for one in members or () if partition in one.partitions), None)


def _missing(settings: Settings, members: Iterable[GroupMember] | None) -> tuple[str, ...] | None:
    """Workers that were there of late, as Redis knows, and are in the group no more."""
    if members is None or not settings.redis_url:
        return ()
    from streams.views.reader import recent_workers  # noqa: PLC0415  # only where there is a Redis

    try:
        recent = recent_workers(settings)
    except RedisUnreachable:
        return None
    return tuple(sorted({*recent} - {member.name for member in members}))


def _known(time_ms: int | None) -> int | None:
    """Of a record without a time nobody knows how long it has waited."""
    return None if time_ms is None or time_ms < 0 else time_ms
