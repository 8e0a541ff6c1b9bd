"""Every topic, declared once: name, key, what it holds, and how long it is kept.

There is no Kafka in this file: the worker, the command line, the demo and the README share it.
The topic of checkpoints is one of them unless GOESWITH_CHECKPOINT_URL names another place.
Prompts, outcomes and dead letters have as many partitions as events, and a worker writes to the
partition of the number that it read: no partitioner is needed, and order by session holds.
"""

from typing import NamedTuple

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
TIME_TYPE = "message.timestamp.type"
BROKER_TIME = {TIME_TYPE: "LogAppendTime"}
"""Records carry the time at which the broker took them: no sender's clock can move a watermark."""

RECORD_BYTES_KEY = "max.message.bytes"
RECORD_BYTES_MAX = 8 * 1024 * 1024
"""Largest record of the dead-letter topic: what a broker of default settings takes, with room."""


class Topic(NamedTuple):
    """One topic: `name` without the prefix, and its configuration on the broker."""

    name: str
    key: str
    holds: str
    config: dict[str, str]
    partitions: int | None = None  # None: as many as the events topic
    advised: tuple[tuple[str, str], ...] = ()  # more of it: given when we make it, not checked

    @property
    def created_with(self) -> dict[str, str]:
        """All of its configuration when we make it."""
        return self.config | dict(self.advised)


def same_id(one: str, other: str) -> bool:
    """Whether two ids may be of the same topic: one that is not told is no difference.

    >>> same_id("a", "b"), same_id("a", "a"), same_id("a", "")
    (False, True, True)
    """
    return one == other or not (one and other)


TOPICS = (
    Topic(
        "events",
        "session id",
        "what shoppers did: views, basket changes, orders, feedback on prompts",
        {
            "cleanup.policy": "delete",
            "retention.ms": str(7 * DAY_MS),
            RECORD_BYTES_KEY: str(RECORD_BYTES_MAX),
            **BROKER_TIME,
        },
    ),
    Topic(
        "prompts",
        "session id",
        "prompts and withdrawals: the product",
        {"cleanup.policy": "delete", "retention.ms": str(DAY_MS), **BROKER_TIME},
    ),
    Topic(
        "outcomes",
        "prompt id or session id",
        "stages that prompts reached, and what units of the experiment did, for analysis",
        {"cleanup.policy": "delete", "retention.ms": str(90 * DAY_MS), **BROKER_TIME},
    ),
    Topic(
        "dead-letters",
        "as received",
        "records that could not be used, raw, with the reason in headers",
        {
            "cleanup.policy": "delete",
            "retention.ms": str(30 * DAY_MS),
            RECORD_BYTES_KEY: str(RECORD_BYTES_MAX + 65_536),
            **BROKER_TIME,
        },
    ),
    Topic(
        "agreement",
        "worker",
        "which workers are there, and the settings that they must have in common",
        {
            "cleanup.policy": "delete",
            "retention.ms": str(HOUR_MS),
            "segment.ms": str(HOUR_MS // 6),
            **BROKER_TIME,
        },
    ),
)

CHECKPOINTS = Topic(
    "checkpoints",
    "chunk or pointer",
    "what workers have learned: checkpoints in chunks, and which chunks are the newest",
    {"cleanup.policy": "compact"},
    partitions=1,
    # Only closed segments are compacted; and nobody reads for an hour what has left.
    advised=(("segment.bytes", str(64 * 1024 * 1024)), ("delete.retention.ms", str(HOUR_MS))),
)
"""Used where checkpoints are kept in Kafka."""
IN_KAFKA = "kafka:"
"""What a URL of checkpoints begins with that are kept in a topic; its name may follow."""


REFERENCE = (
    Topic(
        "catalog",
        "item id",
        "what is sold: one record an item, the latest counts; a tombstone takes it out",
        {"cleanup.policy": "compact", **BROKER_TIME},
        partitions=1,
        advised=(("segment.bytes", str(64 * 1024 * 1024)),),
    ),
    Topic(
        "control",
        "control",
        "how the shop is run: one record a control, with author and reason; the latest counts",
        {"cleanup.policy": "compact", **BROKER_TIME},
        partitions=1,
        # What it was before is its audit trail: that long nothing of it is compacted away.
        advised=(("min.compaction.lag.ms", str(90 * DAY_MS)),),
    ),
)
"""Reference topics: followed whole by every worker, never folded, and optional.

Compacted, which would be wrong for all those above: there every record counts, here the latest of
its key. One partition: partitions share work between the members of a group, and these topics have
none, since everybody reads everything. With one there is one offset up to which a worker has
followed, and changes of several controls take effect in the order in which they were made."""


class Topics(NamedTuple):
    """The names of the topics under one prefix.

    >>> Topics("goeswith").prompts
    'goeswith.prompts'
    """

    prefix: str

    @property
    def events(self) -> str:
        """Input: shopper events."""
        return f"{self.prefix}.events"

    @property
    def prompts(self) -> str:
        """Output: prompts and withdrawals."""
        return f"{self.prefix}.prompts"

    @property
    def outcomes(self) -> str:
        """Output: what became of prompts."""
        return f"{self.prefix}.outcomes"

    @property
    def dead_letters(self) -> str:
        """Output: what could not be used."""
        return f"{self.prefix}.dead-letters"

    @property
    def agreement(self) -> str:
        """Between workers: who is there, and with which settings; partition 0 alone is used."""
        return f"{self.prefix}.agreement"

    @property
    def catalog(self) -> str:
        """Input, optional: what is sold."""
        return f"{self.prefix}.catalog"

    @property
    def control(self) -> str:
        """Input, optional: how the shop is run."""
        return f"{self.prefix}.control"

    def checkpoints(self, url: str) -> str:
        """Where a URL has checkpoints kept, if that is a topic; else empty.

        >>> Topics("shop").checkpoints("kafka:"), Topics("shop").checkpoints("kafka:knowledge")
        ('shop.checkpoints', 'knowledge')
        """
        if not url.startswith(IN_KAFKA):
            return ""
        return url.removeprefix(IN_KAFKA) or f"{self.prefix}.{CHECKPOINTS.name}"

    def declared(self, checkpoint_url: str = "") -> dict[str, Topic]:
        """Full name -> declaration, in the order of `TOPICS`.

        The topic of checkpoints comes last, where a URL of them names one.
        """
        declared = {f"{self.prefix}.{topic.name}": topic for topic in TOPICS}
        kept = self.checkpoints(checkpoint_url)
        return declared | ({kept: CHECKPOINTS} if kept else {})

    def reference(self) -> dict[str, Topic]:
        """Full name -> declaration of the topics that an installation may do without.

        >>> [*Topics("shop").reference()]
        ['shop.catalog', 'shop.control']
        """
        return {f"{self.prefix}.{topic.name}": topic for topic in REFERENCE}

    def all(self, checkpoint_url: str = "") -> dict[str, Topic]:
        """Those that have to be there, then those that may."""
        return self.declared(checkpoint_url) | self.reference()


def command_of_broker_time(topic: str, bootstrap: str) -> str:
    """The command that gives a topic the broker's time, from now on.

    >>> print(command_of_broker_time("shop.events", "kafka:9092"))  # doctest: +NORMALIZE_WHITESPACE
    kafka-configs.sh --bootstrap-server kafka:9092 --alter --topic shop.events
        --add-config message.timestamp.type=LogAppendTime
    """
    (told,) = (f"{name}={value}" for name, value in BROKER_TIME.items())
    where = f"--bootstrap-server {bootstrap} --alter --topic {topic}"
    return f"kafka-configs.sh {where} --add-config {told}"
