"""A group that has committed nothing begins with all that the log holds: that is told once.

Another name than yesterday's, by intent or by a slip, makes everything on the log new again.
It is learned from. But nobody waits for an answer to the events of last week.
"""

from collections.abc import Mapping

from streams.contract.settings import Settings


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
