"""MirrorMaker 2, Kafka's own mirror, between two brokers: its records go to other offsets.

From the jars that Maven resolves (36 MB, once), beside those of the broker. As the handbook asks,
topics keep their names, and are made by us beforehand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.contract.settings import Settings
from streams.lab.chaos.ground.apache_kafka import ONE_COMPILER
from streams.lab.chaos.ground.jars import VERSION, resolved_jars
from streams.lab.embedded.server_child import Child

POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>goeswith.tests</groupId><artifactId>mirror-maker</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>connect-mirror</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>connect-runtime</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


def properties(old: Settings, new: Settings) -> str:
    """What an operator would give it: our topics and our group, under the names that they have."""
    ours = "|".join(topic.replace(".", r"\\.") for topic in (old.topics.events, old.topics.catalog))
    own_topics = ("checkpoints.topic", "offset-syncs.topic", "heartbeats.topic")
    replicated = (*own_topics, "offset.storage", "status.storage", "config.storage")
    return "\n".join(
        [
            "clusters = old, new",
            f"old.bootstrap.servers = {old.kafka_bootstrap}",
            f"new.bootstrap.servers = {new.kafka_bootstrap}",
            "old->new.enabled = true",
            "new->old.enabled = false",
            f"old->new.topics = {ours}",
            f"old->new.groups = {old.group_id}",
            "replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
            "sync.group.offsets.enabled = true",
            "sync.group.offsets.interval.seconds = 1",
            "emit.checkpoints.interval.seconds = 1",
            "offset.lag.max = 0",  # translate every offset, not one of a hundred
            "sync.topic.configs.enabled = false",
            "sync.topic.acls.enabled = false",
            "replication.factor = 1",
            *[f"{each}.replication.factor = 1" for each in replicated],
        ]
    )


@contextmanager
def mirroring(old: Settings, new: Settings, folder: Path) -> Iterator[None]:
    """A mirror from one cluster to another for the length of a block. Raises NoKafka."""
    jars = resolved_jars("mirror-maker", POM)
    folder.mkdir()
    (folder / "mm2.properties").write_text(properties(old, new))
    program = "org.apache.kafka.connect.mirror.MirrorMaker"
    command = ["java", "-Xmx512m", ONE_COMPILER, "-cp", f"{jars}/*", program, "mm2.properties"]
    log = (folder / "mirror.log").open("a+b")
    mirror = Child(["env", "-C", str(folder), *command], log)
    try:
        yield
    finally:
        mirror.kill()
