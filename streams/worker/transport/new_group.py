"""A group that has committed nothing begins with all that the log holds: that is told once.

Another name than yesterday's, by intent or by a slip, makes everything on the log new again.
It is learned from. But nobody waits for an answer to the events of last week.

The same holds for a group that has committed more than the log holds: offsets were set by hand,
copied from another cluster, or the end of the log was lost. Its commit says nothing about this log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import TypeVar

from streams.contract.settings import Settings

K = TypeVar("K", bound=Hashable)

AHEAD_PAUSES_S = (0.0, 0.5, 1.0)
"""Before each question where the log ends, of partitions with commits beyond that."""


def warning_of_new_group(
    settings: Settings, begins: Mapping[int, int], position: Mapping[int, int]
) -> str:
    """What to say of a group without commits, by where the log begins and where the fold stands.

    Empty where the log held nothing before the group was there.

    >>> print(warning_of_new_group(Settings(), {0: 5, 1: 0}, {0: 12, 1: 3}))
    ... # doctest: +NORMALIZE_WHITESPACE
    group goeswith has committed nothing, and goeswith.events holds 10 events: those older than a
    prompt lives (120 s) are learned from, and not answered. Is GOESWITH_GROUP_ID right?
    >>> warning_of_new_group(Settings(), {0: 5, 1: 0}, {0: 5})
    ''
    """
    held = sum(max(0, position.get(number, 0) - begin) for number, begin in begins.items())
    if not held:
        return ""
    return (
        f"group {settings.group_id} has committed nothing, and {settings.topics.events} holds "
        f"{held} events: those older than a prompt lives ({settings.prompt_ttl_s:g} s) are learned "
        "from, and not answered. Is GOESWITH_GROUP_ID right?"
    )


def beyond_the_end(committed: Mapping[K, int], ends: Mapping[K, int]) -> dict[K, int]:
    """Those of the committed offsets that their partitions do not reach.

    >>> beyond_the_end({"bread": 5_000, "jam": 7}, {"bread": 10, "jam": 7})
    {'bread': 5000}
    """
    return {tp: offset for tp, offset in committed.items() if offset > ends.get(tp, offset)}


async def still_beyond_the_end(
    committed: Mapping[K, int], ends: Callable[..., Awaitable[Mapping[K, int]]]
) -> dict[K, int]:
    """The same, as `ends` says of these partitions, if they still are after a while.

    A broker that has just become leader may tell an end that is too low.
    """
    ahead: dict[K, int] = dict(committed)
    for pause_s in AHEAD_PAUSES_S:
        if ahead:
            await asyncio.sleep(pause_s)
            ahead = beyond_the_end(ahead, await ends(*ahead))
    return ahead


def warning_of_commits(settings: Settings, commits: Mapping[int, int]) -> str:
    """What to say of commits beyond the end of the log, by partition."""
    said = ", ".join(f"{offset:,} of partition {number}" for number, offset in commits.items())
    events = settings.topics.events
    return (
        f"group {settings.group_id} has committed {said}: more than {events} holds. They are "
        "answered from where the log begins; what is older than a prompt lives "
        f"({settings.prompt_ttl_s:g} s) gets none"
    )
