"""What is seen of the topics at one look, and what is found wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Level = Literal["error", "warning"]
KINDS = (
    *("missing", "recreated", "partitions", "time", "compacted", "unwritable", "went_back"),
    *("commit_ahead", "commit_lost", "fold_lost", "untold_id", "retention", "kept_by_size"),
    "record_bytes",
)
"""What can be wrong, in a word each: see `streams.clients.connection.topics.judge`."""

COMMAND = re.compile(r"(?:(?<=: )|^)kafka-\w+\.sh .*")
"""A command of Kafka's that ends what is to be done."""


class Finding(NamedTuple):
    """Something that is wrong.

    >>> print(Finding("time", "error", "bakery", "the clock is wrong", "wind it"))
    the clock is wrong: wind it
    """

    kind: str
    """A short, stable word."""
    level: Level
    subject: str
    """The topic, or a partition of it."""
    said: str
    """What is so."""
    way_on: str
    """What to do."""

    def __str__(self) -> str:
        return f"{self.said}: {self.way_on}"

    def in_lines(self) -> str:
        """What is so, and a command alone on the last line."""
        return in_lines([self.said], self.way_on)


def in_lines(said: Sequence[str], way_on: str) -> str:
    """What is so, a line each; then a command on a line of its own, to be copied whole.

    >>> print(in_lines(["jam is short"], "look first: kafka-topics.sh --topic jam"))
    jam is short: look first:
      kafka-topics.sh --topic jam
    >>> print(in_lines(["bread is hot", "jam is hot"], "wait"))
    bread is hot
    jam is hot: wait
    """
    lines = "\n".join(said)
    if (command := COMMAND.search(way_on)) is None:
        return f"{lines}: {way_on}"
    before = way_on[: command.start()].removesuffix(": ")
    return f"{': '.join(filter(None, (lines, before)))}:\n  {command[0]}"


class TopicSeen(NamedTuple):
    """A topic that is there."""

    partitions: int
    replicas: int = 1
    """Of the partition that has the fewest."""
    topic_id: str = ""
    """Kafka's own id of it: another one under the same name is another topic. Empty: untold."""
    config: Mapping[str, str] = {}
    """As far as the broker tells: nothing else is judged."""


class PartitionSeen(NamedTuple):
    """A partition of the events topic."""

    begin: int
    """The first offset that it still holds."""
    end: int
    """The offset up to which it can be read."""
    committed: int | None = None
    """The next offset that the group will answer; None: it never committed, or is not known."""
    position: int | None = None
    """The next offset that we fold; None: nobody folds."""


class TopicsSeen(NamedTuple):
    """The topics at one look."""

    topics: Mapping[str, TopicSeen]
    """Those that are there, by full name."""
    log: Mapping[int, PartitionSeen] = {}
    """The partitions of the events topic, by number."""
