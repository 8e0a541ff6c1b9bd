"""Where topics are not as declared, and what is to be done: pure, as `judge`."""

from collections.abc import Mapping
from typing import NamedTuple

from streams.clients.connection.topics.findings import in_lines
from streams.clients.connection.topics.judge import configuring, numbering
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_KEY, Topic


class TopicOnBroker(NamedTuple):
    """What a topic is like on the broker."""

    partitions: int
    config: dict[str, str] | None
    """None: the broker would not say."""


class Discrepancy(NamedTuple):
    """What is not as declared, alike of several topics; and what is to be done.

    >>> print(Discrepancy(["bread is missing", "jam is missing"], "bake"))
    bread is missing; jam is missing: bake
    """

    said: list[str]
    way_on: str

    def __str__(self) -> str:
        return f"{'; '.join(self.said)}: {self.way_on}"

    def in_lines(self) -> str:
        """A line each, and a command alone on the last."""
        return in_lines(self.said, self.way_on)


NO_TOPIC = TopicOnBroker(0, config=None)
AT_LEAST = ("retention.ms", RECORD_BYTES_KEY)
"""More than is declared is the owner's choice: to put it back would delete what is kept."""
CREATES = "`goeswith topics create` creates what is missing"


def differences(
    declared: Mapping[str, Topic], found: Mapping[str, TopicOnBroker], settings: Settings
) -> list[Discrepancy]:
    """What is not as declared, and what is to be done; what is to be done alike, together.

    Configuration that is not declared is free, and so is more room than is declared.

    >>> bread = Topic("bread", "session id", "loaves", {"retention.ms": "1000"})
    >>> found = {"shop.bread": TopicOnBroker(4, {"retention.ms": "5"})}
    >>> wrong = differences({"shop.bread": bread}, found, Settings(partitions=8))
    >>> [one.said for one in wrong]
    [['shop.bread has 4 partitions, not 8'], ['shop.bread has retention.ms=5, not 1000']]
    """
    wrong: dict[str, list[str]] = {}
    for name, topic in declared.items():
        if name not in found:
            wrong.setdefault(CREATES, []).append(f"{name} is missing")
            continue
        count, config = found[name]
        if count != (wanted := topic.partitions or settings.partitions):
            way_on = numbering(settings, name, count, wanted)
            wrong.setdefault(way_on, []).append(f"{name} has {count} partitions, not {wanted}")
        for key, value in topic.config.items():
            if config is not None and not _suffices(key, config.get(key), value):
                way_on = configuring(settings, name, f"{key}={value}")
                said = f"{name} has {key}={config.get(key)}, not {value}"
                wrong.setdefault(way_on, []).append(said)
    return [Discrepancy(said, way_on) for way_on, said in wrong.items()]


def _suffices(key: str, there: str | None, value: str) -> bool:
    """Whether a setting is as declared, or gives more room.

    >>> _suffices("retention.ms", "-1", "1000"), _suffices("retention.ms", "999", "1000")
    (True, False)
    """
    if key not in AT_LEAST or there is None:
        return there == value
    return int(there) < 0 or 0 <= int(value) <= int(there)
