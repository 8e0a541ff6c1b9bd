"""The embedded broker: a Kafka listener in memory, in a process of its own.

For the demo and for quick tests. It has no admin requests, keeps at most 5 MB and 100,000 batches
of each partition (the oldest go unnoticed), neither compacts nor authenticates, and serves one
worker; kafka-python has to be told `api_version=(2, 0)`. Everything else runs on Apache Kafka.

`python -m streams.lab.embedded.broker TOPIC:PARTITIONS …` prints `host:port` and serves until its
input ends, so it cannot outlive who started it. Each line of input is a command, answered by a
line:

    topic NAME:PARTITIONS    ->  ok
    down                     ->  ok    (connections are closed and refused; what it holds stays)
    up                       ->  ok
"""

import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from streams.contract.errors import KafkaUnreachable
from streams.lab.embedded.librdkafka import MockCluster, library_path


class EmbeddedBroker:
    """An embedded broker with these topics (name -> partitions), for the length of a `with` block.

    Raises MissingExtra when the library is not installed.
    """

    def __init__(self, topics: Mapping[str, int] | None = None) -> None:
        library_path()  # what is missing is said here, not in the child
        self._topics = dict(topics or {})
        self._process: subprocess.Popen[str] | None = None
        self.bootstrap = ""

    def create_topic(self, name: str, partitions: int) -> None:
        """Create one more topic."""
        self._ask(f"topic {name}:{partitions}")

    def down(self) -> None:
        """Close every connection and refuse new ones; what it holds stays."""
        self._ask("down")

    def up(self) -> None:
        """Take connections again."""
        self._ask("up")

    def _ask(self, command: str) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise KafkaUnreachable("the embedded broker is not running: use it in a `with` block")
        process.stdin.write(command + "\n")
        process.stdin.flush()
        answer = process.stdout.readline().strip()
        if answer != "ok":
            raise KafkaUnreachable(f"the embedded broker did not obey {command!r}: {answer}")

    def __enter__(self) -> Self:
        specs = [f"{name}:{partitions}" for name, partitions in self._topics.items()]
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.lab.embedded.broker", *specs],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us: the broker goes last
        )
        assert process.stdout is not None  # noqa: S101  # for the type checker: it is a pipe
        self.bootstrap = process.stdout.readline().strip()
        if not self.bootstrap:
            raise KafkaUnreachable(f"the embedded broker ended at its start: {process.wait()}")
        self._process = process
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None


def serve(specs: list[str]) -> None:
    """Run a broker with these topics until standard input ends, obeying the commands on it."""
    cluster = MockCluster()
    for spec in specs:
        _create(cluster, spec)
    print(cluster.bootstrap, flush=True)
    for line in sys.stdin:
        print(_obey(cluster, line.split()), flush=True)


def _obey(cluster: MockCluster, words: list[str]) -> str:
    try:
        match words:
            case ["topic", spec]:
                _create(cluster, spec)
            case ["down"]:
                cluster.down()
            case ["up"]:
                cluster.up()
            case _:
                return "unknown command: topic NAME:PARTITIONS, down or up"
    except (OSError, ValueError) as error:
        return str(error)
    return "ok"


def _create(cluster: MockCluster, spec: str) -> None:
    name, _, partitions = spec.rpartition(":")
    cluster.create_topic(name, int(partitions))


if __name__ == "__main__":
    serve(sys.argv[1:])
