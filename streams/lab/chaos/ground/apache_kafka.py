"""A real Apache Kafka, one KRaft node, to be stopped, killed and started again.

From jars where there is Java; else in Docker, if an engine answers. Jars first: they are the same
everywhere, start in four seconds, and end with us even if we are killed.
"""

import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from streams.clients.connection.addresses import free_port
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import KafkaUnreachable
from streams.contract.settings import Settings
from streams.lab.chaos.ground.jars import VERSION, NoKafka, kafka_jars
from streams.lab.embedded.server_child import Child

START_S_MAX = 120.0
ANSWER_S_MAX = 10.0
_HEAP = ("-Xms256m", "-Xmx768m")
_COLLECTOR = "-XX:+UseSerialGC"
"""Other collectors have threads, which would take its cores off what is measured beside it."""
ONE_COMPILER = "-XX:TieredStopAtLevel=1"
"""The second, optimising compiler takes more time than it saves what ends within minutes."""
_LOGGING = """\
rootLogger.level = WARN
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = OUT
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
"""
_ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # There is no second broker to replicate to, and Kafka's own defaults ask for three.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # The first of a group need not wait for others; a topic that nobody created is a bug.
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    # So that a worker may be given up sooner than Kafka's own six seconds.
    "group.min.session.timeout.ms": "1000",
    # So that what is to be compacted is, within a second and not within fifteen.
    "log.cleaner.backoff.ms": "500",
}
_OF_LISTENERS = ("listeners", "advertised.listeners", "listener.security.protocol.map")
NOTHING: Mapping[str, str] = {}


class RealKafka(Protocol):
    """What may be done to a real broker; the records stay whatever it is."""

    @property
    def bootstrap(self) -> str:
        """Its address, the same after every start."""

    def start(self) -> None:
        """Start it; return when it answers."""

    def stop(self) -> None:
        """Shut it down in order."""

    def kill(self) -> None:
        """End it at once, as a crash would."""

    def discard(self) -> None:
        """End it and forget its records."""


def real_kafka(directory: Path, *, short_lived: bool = False) -> RealKafka:
    """A broker, not started yet, with its records under `directory`. Raises NoKafka.

    A `short_lived` one from jars starts sooner, and is not as fast: nothing is to be measured
    beside it. In Docker it is the same as any.
    """
    if shutil.which("java") and shutil.which("mvn"):
        return ApacheKafka(directory, kafka_jars(), short_lived=short_lived)
    if docker_answers():
        return DockerKafka()
    raise NoKafka(
        "no Java and Maven here to run Apache Kafka with, and no Docker engine: .ci/install as root"
        " installs them, or set KAFKA_BOOTSTRAP_SERVERS"
    )


class ApacheKafka:
    """Kafka from jars, in a JVM that ends when we end.

    `more` are properties of the broker; those of listeners are put behind ours.
    """

    def __init__(
        self,
        directory: Path,
        jars: Path,
        more: Mapping[str, str] = NOTHING,
        *,
        short_lived: bool = False,
    ) -> None:
        self._directory = directory
        self._jars = jars
        self._more = more
        self._compilers = (ONE_COMPILER,) if short_lived else ()
        self._port = free_port()
        self._child: Child | None = None

    @property
    def bootstrap(self) -> str:
        """Its address, the same after every start."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, on a formatted log directory; return when it answers."""
        if not (self._directory / "data").exists():
            self._format()
        java = self._java(*_HEAP, _COLLECTOR, *self._compilers)
        command = [*java, "kafka.Kafka", "server.properties"]
        log = (self._directory / "kafka.log").open("a+b")
        self._child = Child(["env", "-C", str(self._directory), *command], log)
        self._child.wait_for_port(self._port, START_S_MAX)
        wait_until_it_answers(self.bootstrap)

    def stop(self) -> None:
        """Shut it down in order."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._child is not None:
            self._child.kill()

    def discard(self) -> None:
        """End it and forget its records."""
        self.kill()
        shutil.rmtree(self._directory / "data", ignore_errors=True)

    def _format(self) -> None:
        controller = free_port()
        properties = {
            **_ONE_NODE,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self._directory / "data"),
        }
        for name, value in self._more.items():
            before = f"{properties[name]}," if name in _OF_LISTENERS else ""
            properties[name] = f"{before}{value}"
        lines = "".join(f"{name}={value}\n" for name, value in properties.items())
        (self._directory / "server.properties").write_text(lines)
        (self._directory / "log4j2.properties").write_text(_LOGGING)
        tool = [*self._java(ONE_COMPILER), "kafka.tools.StorageTool", "format", "-t", cluster_id()]
        done = subprocess.run(
            [*tool, "-c", "server.properties"],
            cwd=self._directory,
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            said = (done.stderr or done.stdout)[-1000:]
            raise NoKafka(f"Kafka's folder {self._directory} cannot be formatted: {said}")

    def _java(self, *options: str) -> list[str]:
        logging = "-Dlog4j2.configurationFile=log4j2.properties"
        return ["java", *options, "-cp", f"{self._jars}/*", logging]


class DockerKafka:
    """Kafka in a container of the official image."""

    def __init__(self) -> None:
        self._port = free_port()
        listeners = {
            "controller.quorum.voters": "1@localhost:9093",
            "listeners": f"PLAINTEXT://:{self._port},CONTROLLER://:9093",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
        }
        settings = {"KAFKA_HEAP_OPTS": " ".join(_HEAP), "CLUSTER_ID": cluster_id()}
        for name, value in {**_ONE_NODE, **listeners}.items():
            settings["KAFKA_" + name.upper().replace(".", "_")] = value
        flags = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        published = f"127.0.0.1:{self._port}:{self._port}"
        self._container = _docker("create", "-p", published, *flags, f"apache/kafka:{VERSION}")

    @property
    def bootstrap(self) -> str:
        """Its address, the same after every start."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it; return when it answers."""
        _docker("start", self._container)
        wait_until_it_answers(self.bootstrap)

    def stop(self) -> None:
        """Shut it down in order."""
        _docker("stop", self._container)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        _docker("kill", self._container)

    def discard(self) -> None:
        """End it and forget its records."""
        _docker("rm", "--force", "--volumes", self._container)


def wait_until_it_answers(bootstrap: str) -> None:
    """Return when a broker answers there; an open port alone may be only the container's."""
    settings = Settings(kafka_bootstrap=bootstrap, kafka_timeout_s=ANSWER_S_MAX)
    deadline = time.monotonic() + START_S_MAX
    while True:
        try:
            with open_admin(settings):
                return
        except KafkaUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def docker_answers() -> bool:
    """Whether there is a Docker engine to talk to."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], check=False, capture_output=True, timeout=20)
    return asked.returncode == 0


def cluster_id() -> str:
    """A new cluster id, as Kafka writes them: a URL-safe base64 of 16 bytes.

    It begins with `A`: one that began with `-` would be taken for an option.
    """
    return base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()
